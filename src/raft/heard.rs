//! Which nodes have stopped sending: the first hint that a leader is gone.

use std::sync::Arc;

use tokio::sync::watch;

use super::types::NodeId;

/// Tells whenever a stream of entries from another node has ended. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Heard {
    ended: Arc<watch::Sender<(u64, NodeId)>>,
}

impl Default for Heard {
    fn default() -> Self {
        Self { ended: Arc::new(watch::channel((0, 0)).0) }
    }
}

/// A stream from a node; when it is dropped, the stream has ended.
#[derive(Debug)]
pub struct StreamOf {
    node: NodeId,
    ended: Arc<watch::Sender<(u64, NodeId)>>,
}

impl Drop for StreamOf {
    fn drop(&mut self) {
        self.ended.send_modify(|(count, node)| {
            *count += 1;
            *node = self.node;
        });
    }
}

impl Heard {
    /// A stream from this node begins.
    pub fn stream_of(&self, node: NodeId) -> StreamOf {
        StreamOf { node, ended: Arc::clone(&self.ended) }
    }

    /// The number of streams that have ended so far, and whose the last one was.
    pub fn ended(&self) -> watch::Receiver<(u64, NodeId)> {
        self.ended.subscribe()
    }
}
