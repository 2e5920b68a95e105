//! Chat services (rooms.md §5.1, §5.2).

use super::describe::{entity, list, readable};

entity! {
    /// A service that holds chat rooms.
    pub struct ChatService("chatService") {
        /// The subdomain label, such as `conference`.
        service_name: Option<String> => element("serviceName"),
        /// What the service is for.
        description: Option<String> => element("description"),
        /// Whether clients do not find the service by looking around.
        hidden: bool => element("hidden"),
    }
}

list! {
    /// Many chat services.
    pub struct ChatServices("chatServices") {
        // COMPAT(openfire): the key is singular in JSON.
        /// The services.
        services: Vec<ChatService> => bare("chatService", "chatService")
    } of ChatService
}

readable!(ChatService);
