//! Long lists, written piece by piece: a listing costs no memory for what it lists, and its first byte does not wait for its
//! last.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;

use crate::base::jid::Localpart;
use crate::state::State;
use crate::state::users::User as Stored;

use super::call::Answer;
use super::entities::{Format, List, ListWriter, Users};
use super::users::entity;

/// About how many bytes go out at a time.
const PIECE: usize = 32 * 1024;
/// How many accounts are looked at before other requests get a turn.
const TURN: usize = 1024;

/// Any list, item by item.
pub fn items<L: List + 'static>(format: Format, items: impl Iterator<Item = L::Item> + 'static) -> Answer {
    let start = (items, Some(ListWriter::<L>::new(format)));
    let pieces = stream::unfold(start, async |(mut items, writer)| {
        let (mut writer, mut out) = (writer?, Vec::with_capacity(PIECE + 1024));
        for item in items.by_ref().take(TURN) {
            out.extend(writer.item(&item));
            if out.len() >= PIECE {
                break;
            }
        }
        tokio::task::yield_now().await;
        if out.is_empty() {
            return Some((Ok(writer.finish().into()), (items, None)));
        }
        Some((Ok(Bytes::from(out)), (items, Some(writer))))
    });
    Answer::Stream { content_type: format.content_type(), pieces: pieces.boxed_local() }
}

/// Where a listing of accounts stands.
struct Cursor<W> {
    state: Arc<State>,
    after: Option<Localpart>,
    writer: Option<ListWriter<Users>>,
    wanted: W,
}

/// All accounts that are `wanted`, by name, from one consistent state.
pub fn users(state: Arc<State>, format: Format, wanted: impl Fn(&Localpart, &Stored) -> bool + 'static) -> Answer {
    let cursor = Cursor { state, after: None, writer: Some(ListWriter::new(format)), wanted };
    let pieces = stream::unfold(cursor, async |mut cursor| {
        let piece = cursor.piece()?;
        tokio::task::yield_now().await;
        Some((Ok(piece), cursor))
    });
    // A stream may not yield empty pieces: the server would take one for the end.
    let pieces = pieces.filter(|piece| futures_util::future::ready(!matches!(piece, Ok(bytes) if Bytes::is_empty(bytes))));
    Answer::Stream { content_type: format.content_type(), pieces: pieces.boxed_local() }
}

impl<W: Fn(&Localpart, &Stored) -> bool> Cursor<W> {
    /// The next piece, possibly empty; `None` after the last.
    fn piece(&mut self) -> Option<Bytes> {
        let mut writer = self.writer.take()?;
        let mut out = Vec::with_capacity(PIECE + 1024);
        let mut seen = None;
        for (name, user) in self.state.users.after(self.after.as_ref()).take(TURN) {
            seen = Some(name.clone());
            if (self.wanted)(name, user) {
                out.extend(writer.item(&entity(name, user)));
            }
            if out.len() >= PIECE {
                break;
            }
        }
        if seen.is_some() {
            self.after = seen;
            self.writer = Some(writer);
        } else {
            out.extend(writer.finish());
        }
        Some(out.into())
    }
}
