//! What the log needs of whatever it is applied to.

use std::future::Future;

use bytes::Bytes;

pub use crate::state::Applied;

/// A broken invariant: what is applied can no longer be trusted, so the node must stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// A consistent cut of everything applied, to be written while applies go on.
pub trait Cut: Send + 'static {
    /// Every record in canonical order: its noun and its bytes.
    fn records(&self) -> Box<dyn Iterator<Item = (u8, Vec<u8>)> + Send + '_>;
}

/// What follows the applying of a batch. It is called where the batch is applied, so that no thread is woken between the applying
/// and the answers, and must not block.
pub trait Sequel: Send + 'static {
    /// What it leaves to whoever had the batch applied.
    type Rest: Send + 'static;

    /// The batch is applied, and nobody can read it yet.
    fn applied(&mut self, applied: Vec<Applied>);

    /// Whoever reads from now on reads what the batch did.
    fn published(self) -> Self::Rest;
}

/// The state that committed entries are applied to. Calls come one at a time, in log order.
pub trait Replica: Send + Sync + 'static {
    /// See [`Replica::cut`].
    type Cut: Cut;

    /// Applies one committed proposal at its log index.
    ///
    /// # Errors
    /// The node must stop.
    fn apply(&self, index: u64, payload: &[u8]) -> impl Future<Output = Result<Applied, Broken>> + Send;

    /// Makes everything up to `index` visible to readers.
    ///
    /// # Errors
    /// The node must stop.
    fn publish(&self, index: u64) -> impl Future<Output = Result<(), Broken>> + Send;

    /// Applies committed proposals in their order as [`Replica::apply`] would, and makes everything up to `upto` visible; `sequel`
    /// is told of both where they happen.
    ///
    /// # Errors
    /// The node must stop.
    fn settle<S: Sequel>(&self, entries: Vec<(u64, Bytes)>, upto: u64, mut sequel: S) -> impl Future<Output = Result<S::Rest, Broken>> + Send {
        async move {
            let mut applied = Vec::with_capacity(entries.len());
            for (index, payload) in entries {
                applied.push(self.apply(index, &payload).await?);
            }
            sequel.applied(applied);
            self.publish(upto).await?;
            Ok(sequel.published())
        }
    }

    /// Key after the newest of the audit ledger that what is published knows of.
    fn audited(&self) -> u64;

    /// A consistent cut of everything published.
    ///
    /// # Errors
    /// The node must stop.
    fn cut(&self) -> impl Future<Output = Result<Self::Cut, Broken>> + Send;

    /// Replaces everything by the records of a snapshot taken at `index`, and publishes it.
    ///
    /// # Errors
    /// A record is not valid; the node must stop.
    fn restore(
        &self,
        index: u64,
        records: impl Iterator<Item = Result<(u8, Vec<u8>), Broken>> + Send,
    ) -> impl Future<Output = Result<(), Broken>> + Send;
}
