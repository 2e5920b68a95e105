//! Proposals on their way to the leader: all of a node's go over one stream, many in a message where many wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use super::group::Unsure;
use crate::wire::cluster::cluster_client::ClusterClient;
use crate::wire::cluster::{Answer, Answers, Proposal, Proposals};

/// How many proposals wait to be sent.
const WAITING: usize = 1024;
/// How many go into one message,
const TOGETHER: usize = 256;
/// and how much, in bytes, unless a single one has more.
const BYTES: usize = 1024 * 1024;
/// How many messages wait to be sent.
const MESSAGES: usize = 4;

type Waiter = oneshot::Sender<Option<u64>>;

/// A proposal and who waits for its answer.
struct Ask {
    payload: Bytes,
    waiter: Waiter,
}

/// A stream to one node, made when it is needed and again after it has broken. Clones are handles to the same one.
#[derive(Clone)]
pub struct Pipe {
    /// Where it runs: whoever proposes first may be a worker that is busy, or ends sooner.
    runtime: Handle,
    client: ClusterClient<Channel>,
    asks: Arc<Mutex<Option<mpsc::Sender<Ask>>>>,
}

impl Pipe {
    /// To the node that `client` speaks to, on this runtime.
    pub fn new(runtime: Handle, client: ClusterClient<Channel>) -> Self {
        Self { runtime, client, asks: Arc::default() }
    }

    /// Proposes there; the index it was applied at.
    ///
    /// # Errors
    /// [`Unsure::Retry`]: it may be in the log or not.
    pub async fn propose(&self, payload: Bytes) -> Result<u64, Unsure> {
        let (waiter, answer) = oneshot::channel();
        self.asks().send(Ask { payload, waiter }).await.map_err(|_| Unsure::Retry)?;
        answer.await.ok().flatten().ok_or(Unsure::Retry)
    }

    fn asks(&self) -> mpsc::Sender<Ask> {
        let mut asks = self.asks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = asks.as_ref().filter(|open| !open.is_closed()) {
            return open.clone();
        }
        let (open, waiting) = mpsc::channel(WAITING);
        self.runtime.spawn(run(self.client.clone(), waiting));
        *asks = Some(open.clone());
        open
    }
}

/// Ends with the stream; whoever still waits then is told to try again.
async fn run(mut client: ClusterClient<Channel>, mut asks: mpsc::Receiver<Ask>) {
    let (out, outgoing) = mpsc::channel(MESSAGES);
    let answers = match client.propose(ReceiverStream::new(outgoing)).await {
        Ok(answers) => answers.into_inner(),
        Err(status) => return tracing::debug!(?status, "proposals cannot be sent"),
    };
    if let Err(status) = exchange(&mut asks, &out, answers).await {
        tracing::debug!(%status, "the stream of proposals has broken");
    }
}

async fn exchange(asks: &mut mpsc::Receiver<Ask>, out: &mpsc::Sender<Proposals>, mut answers: Streaming<Answers>) -> Result<(), Status> {
    let (mut waiting, mut tickets, mut batch) = (HashMap::<u64, Waiter>::new(), 0_u64, Vec::new());
    loop {
        tokio::select! {
            taken = asks.recv_many(&mut batch, TOGETHER) => {
                if taken == 0 {
                    return Ok(()); // the pipe itself is gone
                }
                for message in messages(batch.drain(..), &mut tickets, &mut waiting) {
                    out.send(message).await.map_err(|_| Status::unavailable("nobody takes proposals any more"))?;
                }
            }
            answered = answers.message() => {
                let answered = answered?.ok_or_else(|| Status::unavailable("the other node has ended the stream"))?;
                for Answer { ticket, index } in answered.answers {
                    let waiter = waiting.remove(&ticket);
                    let _ = waiter.map(|waiter| waiter.send(index)); // whoever waited may have given up
                }
            }
        }
    }
}

/// Gives each a ticket, and puts them into as few messages as their size allows.
fn messages(asks: impl Iterator<Item = Ask>, tickets: &mut u64, waiting: &mut HashMap<u64, Waiter>) -> Vec<Proposals> {
    let (mut messages, mut size) = (vec![Proposals::default()], 0);
    for Ask { payload, waiter } in asks {
        *tickets += 1;
        waiting.insert(*tickets, waiter);
        if size > 0 && size + payload.len() > BYTES {
            messages.push(Proposals::default());
            size = 0;
        }
        size += payload.len();
        if let Some(message) = messages.last_mut() {
            message.proposals.push(Proposal { ticket: *tickets, payload });
        }
    }
    messages
}
