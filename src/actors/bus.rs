//! The event bus: what applying brought about, for the doors of this node.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::state::Event;

/// How many batches of events a slow listener may lag behind before it loses the oldest and must read the state instead.
const CAPACITY: usize = 4096;

/// The events of one log entry.
#[derive(Debug)]
pub struct Happened {
    /// Its log index.
    pub index: u64,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// Where the owners put events and doors listen.
#[derive(Clone, Debug)]
pub struct Bus(broadcast::Sender<Arc<Happened>>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::channel(CAPACITY).0)
    }
}

impl Bus {
    /// Tells every listener.
    pub fn tell(&self, index: u64, events: Vec<Event>) {
        if !events.is_empty() {
            // No listener is no fault: events matter only to doors with clients.
            let _ = self.0.send(Arc::new(Happened { index, events }));
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Happened>> {
        self.0.subscribe()
    }
}
