//! A condition that can be awaited. Whoever waits is woken in the order of coming, the same in every run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// On or off. Clones are handles to the same one.
#[derive(Clone)]
pub struct Gate {
    on: Arc<AtomicBool>,
    changed: Arc<Notify>,
}

impl Gate {
    /// On or off.
    pub fn new(on: bool) -> Self {
        Self { on: Arc::new(AtomicBool::new(on)), changed: Arc::default() }
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::SeqCst)
    }

    /// Turns it on or off; whether that is new.
    pub fn set(&self, on: bool) -> bool {
        let new = self.on.swap(on, Ordering::SeqCst) != on;
        if new {
            self.changed.notify_waiters();
        }
        new
    }

    /// Waits until it is on, or off.
    pub async fn until(&self, on: bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.is_on() == on {
                return;
            }
            changed.await;
        }
    }
}
