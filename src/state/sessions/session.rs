//! One session, and how it ends.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::jid::Jid;

/// Longest status text kept, in characters; more is cut.
pub const STATUS_MAX: usize = 1024;

/// How available the user is (RFC 6121 §4.7.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Show {
    /// No `<show/>`: simply available.
    #[default]
    Online,
    /// Temporarily away.
    Away,
    /// Interested in chatting.
    Chat,
    /// Do not disturb.
    Dnd,
    /// Away for long.
    Xa,
    /// A text that the RFC does not know.
    Unknown,
}

/// What a client last said about its availability.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Whether it is available: initial presence was sent and not taken back.
    pub available: bool,
    /// How available it is.
    pub show: Show,
    /// The text of `<status/>`.
    pub status: Option<Box<str>>,
    /// Its priority (RFC 6121 §4.7.2.3).
    pub priority: i8,
}

impl Presence {
    pub(super) fn bounded(mut self) -> Self {
        if let Some(status) = &self.status
            && let Some((cut, _)) = status.char_indices().nth(STATUS_MAX)
        {
            self.status = Some(status[..cut].into());
        }
        self
    }
}

/// A bound session of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its full JID.
    pub jid: Jid,
    /// Tells it apart from other sessions that had or will have the same JID: the log index at which it was opened.
    pub serial: u64,
    /// The node that holds the connection.
    pub node: Uuid,
    /// The life of that node in which it was opened.
    pub incarnation: u64,
    /// Address of the peer; `None` when it is not known.
    pub address: Option<IpAddr>,
    /// Whether the connection is encrypted.
    pub secure: bool,
    /// Whether the user has no account.
    pub anonymous: bool,
    /// When it was opened.
    pub opened: Timestamp,
    /// When the client last sent something, as far as nodes have told.
    pub active: Timestamp,
    /// What it last said about its availability.
    pub presence: Presence,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// Its node said that the client is gone.
    Closed,
    /// The account may not be used any more, or an administrator ended it: stream error `not-authorized`, never to be resumed.
    NotAuthorized,
    /// The client connected anew under the same JID: stream error `conflict`.
    Conflict,
    /// Its node, or the life of it in which it was opened, is gone.
    NodeGone,
}
