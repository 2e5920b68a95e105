//! Whether this node may serve: only while it has been in contact with a majority lately.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// Open while this node has a majority. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Fence {
    open: Arc<watch::Sender<bool>>,
}

impl Fence {
    /// A fence that is open, or not yet.
    pub fn new(open: bool) -> Self {
        Self { open: Arc::new(watch::channel(open).0) }
    }

    /// Whether this node may serve.
    pub fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    /// Opens or closes it; the first to notice says so.
    pub fn set(&self, open: bool) {
        let changed = self.open.send_if_modified(|now| std::mem::replace(now, open) != open);
        match (changed, open) {
            (true, true) => tracing::info!("in contact with a majority: this node serves"),
            (true, false) => tracing::warn!("no contact with a majority: this node serves nothing but what is asked of it alone"),
            (false, _) => {}
        }
    }

    /// Waits until it is open.
    pub async fn opened(&self) {
        // The sender lives as long as `self`.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }

    /// Waits until it is closed.
    pub async fn closed(&self) {
        // The sender lives as long as `self`.
        let _ = self.open.subscribe().wait_for(|open| !open).await;
    }
}

/// When to close the fence: a contact counts from when it was begun, so that the leader, who counts from when it heard of it,
/// always waits longer.
#[derive(Clone, Copy, Debug)]
pub struct LastContact {
    begun: Option<Duration>,
    after: Duration,
}

impl LastContact {
    /// None yet; one is good for so long.
    pub fn new(after: Duration) -> Self {
        Self { begun: None, after }
    }

    /// A contact that began then has succeeded.
    pub fn made(&mut self, begun: Duration) {
        self.begun = self.begun.max(Some(begun));
    }

    /// Whether it is recent enough.
    pub fn is_recent(&self, now: Duration) -> bool {
        self.left(now).is_some()
    }

    /// How much longer it is good for; `None` when it is not any more.
    pub fn left(&self, now: Duration) -> Option<Duration> {
        let left = (self.begun? + self.after).saturating_sub(now);
        (!left.is_zero()).then_some(left)
    }

    /// When to look again: at `next`, or when it ends, if that is between `since` and then.
    pub fn look_again(&self, since: Duration, next: Duration) -> Duration {
        self.left(since).map_or(next, |left| next.min(since + left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_counts_from_its_beginning() {
        let seconds = Duration::from_secs;
        let mut last = LastContact::new(seconds(3));
        assert!(!last.is_recent(seconds(0)));
        last.made(seconds(10));
        last.made(seconds(9));
        assert!(last.is_recent(seconds(12)));
        assert!(!last.is_recent(seconds(13)));
        assert_eq!((last.left(seconds(11)), last.left(seconds(13))), (Some(seconds(2)), None));
        assert_eq!(last.look_again(seconds(11), seconds(12)), seconds(12));
        assert_eq!(last.look_again(seconds(11), seconds(15)), seconds(13));
        assert_eq!(last.look_again(seconds(13), seconds(15)), seconds(15));
    }

    #[tokio::test]
    async fn whoever_waits_learns_that_it_is_closed() {
        let fence = Fence::new(true);
        let other = fence.clone();
        let waiting = tokio::spawn(async move { other.closed().await });
        fence.set(false);
        assert!(waiting.await.is_ok());
        fence.closed().await;
        assert!(!fence.is_open());
    }
}
