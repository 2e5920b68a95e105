//! Who may create rooms (rooms.md §5.4), and what else properties say about them. Upstream keeps these settings per service; here they are properties for all.

use crate::base::jid::{BareJid, Domain};
use crate::base::userref::{Reference, reference};
use crate::state::State;
use crate::state::rooms::Named;

/// COMPAT(openfire): `true` means that *not* everybody may.
const RESTRICTED: &str = "xmpp.muc.create.anyone";
/// Who may if not everybody may: bare JIDs and JIDs of groups, comma separated.
const CREATORS: &str = "xmpp.muc.create.jid";
/// Whether every account of this server may if not everybody may.
const REGISTERED: &str = "xmpp.muc.create.all-registered";
/// Who may everything: bare JIDs and JIDs of groups, comma separated.
const SYSADMINS: &str = "xmpp.muc.sysadmin.jid";
/// Whether the name of a destroyed room may not be used again.
const RETIRE: &str = "xmpp.muc.room.retireOnDeletion";

/// How rooms remember what was said: `all`, `none`, or `number`, which is the default.
const HISTORY: &str = "xmpp.muc.history.type";
/// How many messages they remember by number.
const HISTORY_NUMBER: &str = "xmpp.muc.history.maxNumber";
/// How many they remember unless told otherwise.
const HISTORY_DEFAULT: u32 = 25;

/// How many messages the history of a room keeps (rooms.md §5.9); the state has a bound of its own.
pub fn history_kept(state: &State) -> u32 {
    match state.properties.value(HISTORY) {
        Some("all") => u32::MAX,
        Some("none") => 0,
        _ => state.properties.value(HISTORY_NUMBER).and_then(|number| number.parse().ok()).unwrap_or(HISTORY_DEFAULT),
    }
}

fn set(state: &State, key: &str) -> bool {
    state.properties.value(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Whether names of rooms that are destroyed may not be used again.
pub(super) fn retires(state: &State) -> bool {
    set(state, RETIRE)
}

/// Whether the first owner of a room may create it.
pub(super) fn may_create(state: &State, server: &Domain, owner: Option<&Named>) -> bool {
    if !set(state, RESTRICTED) {
        return true;
    }
    let owner = match owner {
        Some(Named::Jid(jid)) => &jid.bare,
        Some(Named::Either(name, Some(user))) if !state.groups.contains(name) => user,
        _ => return false,
    };
    let registered = || set(state, REGISTERED) && owner.local_user(server).is_some_and(|name| state.users.contains(&name));
    listed(state, SYSADMINS, owner) || listed(state, CREATORS, owner) || registered()
}

/// Whether a property lists the user, or a group that the user is in.
fn listed(state: &State, key: &str, user: &BareJid) -> bool {
    let entries = state.properties.value(key).unwrap_or_default().split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.filter_map(|entry| reference(entry).ok()).any(|entry| match entry {
        Reference::Jid(jid) => jid == *user,
        Reference::Group(name) => state.groups.get(&name).is_some_and(|group| group.role(user).is_some()),
        Reference::GroupOrName(_) => false,
    })
}
