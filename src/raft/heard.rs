//! What others' messages let guess about an election: whose streams of entries have broken, the first hint that a leader is
//! gone; and which candidates have been refused because this node's log is longer, a hint that it should stand itself.

use std::sync::Arc;

use tokio::sync::watch;

use super::types::NodeId;

/// Tells whenever a stream of entries from another node has broken, or a candidate has been refused. A stream that its sender
/// has finished has not broken: every heartbeat is a stream of its own. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Heard {
    broken: Arc<watch::Sender<(u64, NodeId)>>,
    refused: Arc<watch::Sender<u64>>,
}

impl Default for Heard {
    fn default() -> Self {
        Self { broken: Arc::new(watch::channel((0, 0)).0), refused: Arc::new(watch::channel(0).0) }
    }
}

/// A stream from a node; when it is dropped unfinished, the stream has broken.
#[derive(Debug)]
pub struct StreamOf {
    node: NodeId,
    finished: bool,
    broken: Arc<watch::Sender<(u64, NodeId)>>,
}

impl StreamOf {
    /// There was no more to come.
    pub fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for StreamOf {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        self.broken.send_modify(|(count, node)| {
            *count += 1;
            *node = self.node;
        });
    }
}

impl Heard {
    /// A stream from this node begins.
    pub fn stream_of(&self, node: NodeId) -> StreamOf {
        StreamOf { node, finished: false, broken: Arc::clone(&self.broken) }
    }

    /// The number of streams that have broken so far, and whose the last one was.
    pub fn broken(&self) -> watch::Receiver<(u64, NodeId)> {
        self.broken.subscribe()
    }

    /// A candidate of this term has been refused because it lacks entries that this node has.
    pub fn refuse(&self, term: u64) {
        self.refused.send_if_modified(|newest| std::mem::replace(newest, term.max(*newest)) < term);
    }

    /// The newest term of such a candidate.
    pub fn refused(&self) -> watch::Receiver<u64> {
        self.refused.subscribe()
    }
}
