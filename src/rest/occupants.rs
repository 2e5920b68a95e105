//! Who is in a chat room, and what was said there lately (rooms.md §5.9).

use crate::base::jid::{Jid, Resource};
use crate::state::affiliations::Affiliation;
use crate::state::rooms::{Address, Occupant, Role, Room, Said};

use super::call::{Answer, Call};
use super::entities::{self, Occupants, Participant, Participants, RoomMessage, RoomMessages};
use super::error::Result;
use super::rooms::room;

/// The JID by which a room knows someone.
fn inside(address: &Address, nick: &Resource) -> String {
    Jid::new(address.jid(), Some(nick.clone())).to_string()
}

fn affiliation(occupant: &Occupant) -> Option<String> {
    Some(occupant.affiliation.map_or("none", Affiliation::as_str).to_owned())
}

/// `GET /chatrooms/{roomName}/participants`
pub async fn participants(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let (address, room) = room(&call, &state)?;
    // COMPAT(openfire): neither moderators nor visitors (rooms.md Q42).
    let only = room.occupants().into_iter().filter(|(_, occupant)| occupant.role == Role::Participant);
    let participants = only
        .map(|(_, occupant)| Participant {
            affiliation: affiliation(occupant),
            jid: Some(inside(&address, &occupant.nick)),
            role: Some(occupant.role.as_str().to_owned()),
        })
        .collect();
    Ok(call.entity(&Participants { participants }))
}

/// `GET /chatrooms/{roomName}/occupants`
pub async fn occupants(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let (address, room) = room(&call, &state)?;
    let occupants = room
        .occupants()
        .into_iter()
        .map(|(session, occupant)| entities::Occupant {
            affiliation: affiliation(occupant),
            jid: Some(inside(&address, &occupant.nick)),
            role: Some(occupant.role.as_str().to_owned()),
            user_address: Some(session.to_string()),
        })
        .collect();
    Ok(call.entity(&Occupants { occupants }))
}

/// `GET /chatrooms/{roomName}/chathistory`
pub async fn history(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let (address, room) = room(&call, &state)?;
    let messages = room.history.iter().map(|said| message(&address, room, said)).collect();
    Ok(call.entity(&RoomMessages { messages }))
}

fn message(address: &Address, room: &Room, said: &Said) -> RoomMessage {
    let from = inside(address, &said.nick);
    let delay_from = if room.settings.can_anyone_discover_jid { said.from.to_string() } else { from.clone() };
    RoomMessage {
        to: Some(address.jid().to_string()),
        from: Some(from),
        kind: Some("groupchat".to_owned()),
        body: Some(said.body.to_string()),
        delay_stamp: Some(said.at.to_stamp()),
        delay_from: Some(delay_from),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::jid::{Domain, Localpart};

    #[test]
    fn the_real_sender_shows_only_where_everybody_may_see_it() {
        let address = Address { service: Domain::parse("conference.example.org").unwrap(), room: Localpart::parse("tea").unwrap() };
        let from = Jid::parse("ann@example.org/phone").unwrap();
        let said = Said { nick: Resource::parse("Ann").unwrap(), from, body: "hi".into(), at: Timestamp(1_935_648_000_000) };
        let mut room = Room::new(Timestamp(0));
        let shown = message(&address, &room, &said);
        assert_eq!(shown.delay_from.as_deref(), Some("tea@conference.example.org/Ann"));
        assert_eq!((shown.to.as_deref(), shown.from), (Some("tea@conference.example.org"), shown.delay_from));
        assert_eq!(shown.delay_stamp.as_deref(), Some("2031-05-04T08:00:00.000Z"));
        room.settings.can_anyone_discover_jid = true;
        assert_eq!(message(&address, &room, &said).delay_from.as_deref(), Some("ann@example.org/phone"));
    }
}
