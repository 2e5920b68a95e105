//! Long lists, written piece by piece: a listing costs no memory for what it lists, and its first byte does not wait for its
//! last.

use std::iter::from_fn;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::ready;
use futures_util::stream;

use crate::base::jid::{Domain, Localpart};
use crate::state::State;
use crate::state::rooms::Room;
use crate::state::users::User as Stored;

use super::call::Answer;
use super::entities::{ChatRooms, Format, List, ListWriter, Users};
use super::{rooms, users};

/// About how many bytes go out at a time.
const PIECE: usize = 32 * 1024;
/// How many entries are looked at before other requests get a turn.
const TURN: usize = 1024;

/// Any list, item by item.
pub fn items<L: List + 'static>(format: Format, items: impl Iterator<Item = L::Item> + 'static) -> Answer {
    sifted::<L>(format, items.map(Some))
}

/// Any list of which not every entry is wanted: `None` stands for one that was only looked at.
pub fn sifted<L: List + 'static>(format: Format, entries: impl Iterator<Item = Option<L::Item>> + 'static) -> Answer {
    let pieces = stream::unfold((entries, Some(ListWriter::<L>::new(format))), async |(mut entries, writer)| {
        let (piece, writer) = piece(&mut entries, writer?);
        tokio::task::yield_now().await;
        Some((Ok(piece), (entries, writer)))
    });
    // A stream may not yield empty pieces: the server would take one for the end.
    let pieces = pieces.filter(|piece| ready(!matches!(piece, Ok(bytes) if Bytes::is_empty(bytes))));
    Answer::Stream { content_type: format.content_type(), pieces: pieces.boxed_local() }
}

/// The next piece, possibly empty; without a writer it is the last.
fn piece<L: List>(entries: &mut impl Iterator<Item = Option<L::Item>>, mut writer: ListWriter<L>) -> (Bytes, Option<ListWriter<L>>) {
    let mut out = Vec::with_capacity(PIECE + 1024);
    let mut any = false;
    for entry in entries.take(TURN) {
        any = true;
        if let Some(item) = entry {
            out.extend(writer.item(&item));
        }
        if out.len() >= PIECE {
            break;
        }
    }
    if any {
        return (out.into(), Some(writer));
    }
    out.extend(writer.finish());
    (out.into(), None)
}

/// All accounts that are `wanted`, by name, from one consistent state.
pub fn users(state: Arc<State>, format: Format, wanted: impl Fn(&Localpart, &Stored) -> bool + 'static) -> Answer {
    let mut last = None;
    let next = move || {
        let (name, user) = state.users.after(last.as_ref()).next()?;
        let entry = wanted(name, user).then(|| users::entity(name, user));
        last = Some(name.clone());
        Some(entry)
    };
    sifted::<Users>(format, from_fn(next))
}

/// All rooms of a service that are `wanted`, by name, from one consistent state; `expand` as in [`rooms::entity`].
pub fn rooms(state: Arc<State>, format: Format, service: Domain, expand: bool, wanted: impl Fn(&Localpart, &Room) -> bool + 'static) -> Answer {
    let mut last = None;
    let next = move || {
        let (name, room) = state.rooms.after(&service, last.as_ref()).next()?;
        let entry = wanted(name, room).then(|| rooms::entity(&state, name, room, expand));
        last = Some(name.clone());
        Some(entry)
    };
    sifted::<ChatRooms>(format, from_fn(next))
}
