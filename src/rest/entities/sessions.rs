//! Client sessions (system.md §5.1, §6.1).

use super::date::Date;
use super::describe::{entity, list};

entity! {
    /// A client's session.
    pub struct Session("session") {
        /// The full JID.
        session_id: Option<String> => element("sessionId"),
        /// The localpart; Anonymous for anonymous sessions.
        username: Option<String> => element("username"),
        /// The resourcepart.
        resource: Option<String> => element("resource"),
        /// Local on the answering node, else Remote.
        node: Option<String> => element("node"),
        /// Closed, Connected, Authenticated or Unknown.
        session_status: Option<String> => element("sessionStatus"),
        /// Online, Away, Available to Chat, Do Not Disturb or Extended Away.
        presence_status: Option<String> => element("presenceStatus"),
        /// The status text the user set.
        presence_message: Option<String> => element("presenceMessage"),
        /// The priority the client set.
        priority: i32 => element("priority"),
        /// The address of the client.
        host_address: Option<String> => element("hostAddress"),
        /// The name of that address, or the address again.
        host_name: Option<String> => element("hostName"),
        /// When the session began.
        creation_date: Option<Date> => element("creationDate"),
        /// When the client last sent something.
        last_action_date: Option<Date> => element("lastActionDate"),
        /// Whether the connection is encrypted.
        secure: bool => element("secure"),
    }
}

list! {
    /// Many sessions.
    pub struct Sessions("sessions") {
        /// The sessions.
        sessions: Vec<Session> => bare("sessions", "session")
    } of Session
}

entity! {
    /// How many sessions there are.
    pub struct SessionsCount("sessions") {
        /// In the whole cluster.
        cluster_sessions: i32 => element("clusterSessions"),
        /// On the answering node.
        local_sessions: i32 => element("localSessions"),
    }
    json { local_sessions, cluster_sessions }
}
