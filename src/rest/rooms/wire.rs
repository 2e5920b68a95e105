//! Rooms between the wire and the state (rooms.md §4).

use std::collections::BTreeSet;

use crate::actions::rooms::{Form, Listed};
use crate::base::clock::Timestamp;
use crate::rest::entities::{ChatRoom, Date};
use crate::state::State;
use crate::state::affiliations::{Affiliate, Affiliation};
use crate::state::rooms::{Password, Room, Settings};

/// What a client says about a room.
pub fn form(room: ChatRoom) -> Form {
    let listed =
        |users: Option<Vec<String>>, groups: Option<Vec<String>>| Listed { users: users.unwrap_or_default(), groups: groups.unwrap_or_default() };
    Form {
        name: room.room_name,
        switches: Settings {
            persistent: room.persistent,
            public: room.public_room,
            registration_enabled: room.registration_enabled,
            can_anyone_discover_jid: room.can_anyone_discover_jid,
            can_occupants_change_subject: room.can_occupants_change_subject,
            can_occupants_invite: room.can_occupants_invite,
            can_change_nickname: room.can_change_nickname,
            log_enabled: room.log_enabled,
            login_restricted_to_nickname: room.login_restricted_to_nickname,
            members_only: room.members_only,
            moderated: room.moderated,
            ..Settings::default()
        },
        natural_name: room.natural_name,
        description: room.description,
        password: room.password.map(|password| Password::new(password.into_exposed())),
        max_users: room.max_users,
        broadcast: room.broadcast_presence_roles.unwrap_or_default(),
        allow_pm: room.allow_pm,
        subject: room.subject,
        created: room.creation_date.map(|date| Timestamp(date.0)),
        modified: room.modification_date.map(|date| Timestamp(date.0)),
        owners: listed(room.owners, room.owner_groups),
        admins: listed(room.admins, room.admin_groups),
        members: listed(room.members, room.member_groups),
        outcasts: listed(room.outcasts, room.outcast_groups),
    }
}

/// The users and the groups with one affiliation. Asked to, the people in the groups stand among the users too.
fn listed(state: &State, room: &Room, affiliation: Affiliation, expand: bool) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for affiliate in room.affiliations.list(affiliation) {
        match affiliate {
            Affiliate::User(jid) => users.push(jid.clone()),
            Affiliate::Group(name) => groups.push(name.clone()),
        }
    }
    if expand {
        let mut seen: BTreeSet<_> = users.iter().cloned().collect();
        let people = groups.iter().filter_map(|name| state.groups.get(name)).flat_map(|group| group.people());
        users.extend(people.filter(|jid| seen.insert((*jid).clone())).cloned());
    }
    (Some(users.into_iter().map(|jid| jid.to_string()).collect()), Some(groups))
}

/// A room as the API shows it.
pub fn entity(state: &State, name: &str, room: &Room, expand: bool) -> ChatRoom {
    let settings = &room.settings;
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let (owners, owner_groups) = listed(state, room, Affiliation::Owner, expand);
    let (admins, admin_groups) = listed(state, room, Affiliation::Admin, expand);
    let (members, member_groups) = listed(state, room, Affiliation::Member, expand);
    let (outcasts, outcast_groups) = listed(state, room, Affiliation::Outcast, expand);
    ChatRoom {
        room_name: Some(name.to_owned()),
        natural_name: text(&settings.natural_name),
        description: text(&settings.description),
        // COMPAT(openfire): readable, since clients write back what they read (rooms.md Q44).
        password: settings.password.as_ref().map(|password| password.expose().into()),
        subject: room.subject.as_ref().map(|subject| subject.text.to_string()),
        creation_date: Some(Date(room.created.millis())),
        modification_date: Some(Date(room.modified.millis())),
        max_users: i32::try_from(settings.max_users).unwrap_or(i32::MAX),
        persistent: settings.persistent,
        public_room: settings.public,
        registration_enabled: settings.registration_enabled,
        can_anyone_discover_jid: settings.can_anyone_discover_jid,
        can_occupants_change_subject: settings.can_occupants_change_subject,
        can_occupants_invite: settings.can_occupants_invite,
        can_change_nickname: settings.can_change_nickname,
        log_enabled: settings.log_enabled,
        login_restricted_to_nickname: settings.login_restricted_to_nickname,
        members_only: settings.members_only,
        moderated: settings.moderated,
        broadcast_presence_roles: Some(settings.broadcast.iter().map(|role| role.as_str().to_owned()).collect()),
        owners,
        admins,
        members,
        outcasts,
        owner_groups,
        admin_groups,
        member_groups,
        outcast_groups,
        allow_pm: Some(settings.allow_pm.as_str().to_owned()),
    }
}
