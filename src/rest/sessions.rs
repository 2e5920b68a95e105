//! Client sessions (system.md §5.1, §6).

use std::iter;

use uuid::Uuid;

use crate::base::jid::Localpart;
use crate::base::userref::path_user;
use crate::state::sessions::{Presence, Session as Stored, Show};

use super::call::{Answer, Call, DONE};
use super::entities::{Date, Session, Sessions, SessionsCount};
use super::error::{Result, map};
use super::listing;

/// `GET /sessions`
pub async fn list(call: Call) -> Result<Answer> {
    let (state, here) = (call.state().await?, call.hearth.parts.node);
    let mut last = None;
    let each = iter::from_fn(move || {
        let session = state.sessions.after(last.as_ref())?;
        last = Some(session.jid.clone());
        Some(entity(session, here))
    });
    Ok(listing::items::<Sessions>(call.accept, each))
}

/// `GET /sessions/{username}`
///
/// COMPAT(openfire): only available sessions; clients count them as devices that are online.
pub async fn of_user(call: Call) -> Result<Answer> {
    let (state, here) = (call.state().await?, call.hearth.parts.node);
    let sessions = match local(&call) {
        Some(name) => state.sessions.of(&name).filter(|session| session.presence.available).map(|session| entity(session, here)).collect(),
        None => Vec::new(),
    };
    Ok(call.entity(&Sessions { sessions }))
}

/// `DELETE /sessions/{username}`
pub async fn kick(call: Call) -> Result<Answer> {
    if let Some(name) = local(&call) {
        call.hearth.kick_user(&call.caller, name).await.map_err(|fault| map(fault, |_| None))?;
    }
    Ok(DONE)
}

/// `GET /system/statistics/sessions`
pub async fn count(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let local_sessions = number(state.sessions.len_on(call.hearth.parts.node));
    Ok(call.entity(&SessionsCount { cluster_sessions: number(state.sessions.len()), local_sessions }))
}

/// A name that is no local user's names nobody who could have a session.
fn local(call: &Call) -> Option<Localpart> {
    path_user(call.param(0), call.hearth.domain()).local()
}

fn entity(session: &Stored, here: Uuid) -> Session {
    let Stored { jid, node, address, secure, anonymous, opened, active, presence, .. } = session;
    let address = address.map(|address| address.to_string());
    Session {
        session_id: Some(jid.to_string()),
        username: Some(if *anonymous { "Anonymous" } else { jid.node().unwrap_or_default() }.to_owned()),
        resource: jid.resource.as_ref().map(ToString::to_string),
        node: Some(if *node == here { "Local" } else { "Remote" }.to_owned()),
        session_status: Some("Authenticated".to_owned()),
        presence_status: Some(status(presence).to_owned()),
        presence_message: presence.status.as_deref().map(str::to_owned),
        priority: presence.priority.into(),
        host_name: address.clone(),
        host_address: address,
        creation_date: Some(Date(opened.millis())),
        last_action_date: Some(Date(active.millis())),
        secure: *secure,
    }
}

/// COMPAT(openfire): a session that is not available is shown as online.
fn status(presence: &Presence) -> &'static str {
    match presence.show {
        _ if !presence.available => "Online",
        Show::Online => "Online",
        Show::Away => "Away",
        Show::Chat => "Available to Chat",
        Show::Dnd => "Do Not Disturb",
        Show::Xa => "Extended Away",
        Show::Unknown => "Unknown/Not Recognized",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::jid::Jid;
    use crate::rest::entities::{Format, encode};

    #[test]
    fn a_session_reads_as_it_should() {
        let here = Uuid::from_u128(1);
        let mut session = Stored {
            jid: Jid::parse("ann@corp.example/phone-7").unwrap(),
            serial: 5,
            node: here,
            incarnation: 1,
            address: Some([192, 0, 2, 44].into()),
            secure: true,
            anonymous: false,
            opened: Timestamp(1_700_000_000_123),
            active: Timestamp(1_700_000_000_000),
            presence: Presence { available: true, show: Show::Dnd, status: Some("in a meeting".into()), priority: -5 },
        };
        let json = |session: &Stored| String::from_utf8(encode(&entity(session, here), Format::Json)).unwrap();
        let expected = concat!(
            r#"{"sessionId":"ann@corp.example/phone-7","username":"ann","resource":"phone-7","node":"Local","sessionStatus":"Authenticated","#,
            r#""presenceStatus":"Do Not Disturb","presenceMessage":"in a meeting","priority":-5,"hostAddress":"192.0.2.44","hostName":"192.0.2.44","#,
            r#""creationDate":1700000000123,"lastActionDate":1700000000000,"secure":true}"#
        );
        assert_eq!(json(&session), expected);
        session.presence = Presence::default();
        session.anonymous = true;
        session.node = Uuid::nil();
        session.address = None;
        let bare = json(&session);
        for part in [r#""username":"Anonymous""#, r#""node":"Remote""#, r#""presenceStatus":"Online","priority":0,"creationDate""#] {
            assert!(bare.contains(part), "{bare}");
        }
    }
}
