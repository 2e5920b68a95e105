//! Whether this node lives and is ready (system.md §5.3, §5.4).

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::{Hearth, properties};

/// How often what is watched must show that it goes on.
const BEAT: Duration = Duration::from_secs(1);
/// After how long without a beat it counts as stuck.
const DEADLINE: Duration = Duration::from_secs(15);

/// One thing that is watched.
#[derive(Debug)]
struct Pulse {
    name: &'static str,
    /// Milliseconds from the beginning to the last beat.
    last: Arc<AtomicU64>,
}

/// Notices what does not go on: every watched thing must do a small piece of work again and again, and the time of the last
/// one is what tells. Whoever asks needs none of what is watched.
#[derive(Debug)]
pub struct Watchdog {
    begun: Instant,
    deadline: Duration,
    pulses: Mutex<Vec<Pulse>>,
}

impl Default for Watchdog {
    fn default() -> Self {
        Self::new(DEADLINE)
    }
}

impl Watchdog {
    /// Watches nothing yet; what is watched later may be silent for `deadline`.
    pub fn new(deadline: Duration) -> Self {
        Self { begun: Instant::now(), deadline, pulses: Mutex::default() }
    }

    /// Watches `name` from now on: `beat` is done again and again on `runtime`, which is thereby watched too. Ends with the
    /// runtime, or when `beat` says with `false` that what it watches is over.
    pub fn watch<F: Future<Output = bool> + Send>(&self, name: &'static str, runtime: &Handle, beat: impl Fn() -> F + Send + 'static) {
        let (begun, last) = (self.begun, Arc::new(AtomicU64::new(millis(self.begun.elapsed()))));
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner).push(Pulse { name, last: Arc::clone(&last) });
        // The task holds nothing but the time, so that it keeps no one alive.
        let last = Arc::downgrade(&last);
        runtime.spawn(async move {
            let mut every = tokio::time::interval(BEAT);
            every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                every.tick().await;
                if !beat().await {
                    return;
                }
                let Some(last) = last.upgrade() else { return };
                last.store(millis(begun.elapsed()), Ordering::Release);
            }
        });
    }

    /// What has been silent for too long.
    pub fn stuck(&self) -> Option<&'static str> {
        self.stuck_at(self.begun.elapsed())
    }

    /// As [`Watchdog::stuck`], so long after the beginning.
    fn stuck_at(&self, now: Duration) -> Option<&'static str> {
        let now = millis(now);
        let silent = |pulse: &&Pulse| now.saturating_sub(pulse.last.load(Ordering::Acquire)) > millis(self.deadline);
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner).iter().find(silent).map(|pulse| pulse.name)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// What a node knows of its own standing.
#[derive(Debug, Default)]
pub struct Health {
    /// Notices what does not go on.
    pub watchdog: Watchdog,
    started: AtomicBool,
    draining: AtomicBool,
}

/// Something that is checked before a node counts as ready, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Every part has been started.
    Server,
    /// The node has joined its cluster, if it is to be in one, and can answer for it.
    Cluster,
    /// Everything that is added to the server has been started.
    Plugins,
    /// Every enabled listener accepts connections.
    Connections,
}

impl Readiness {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Server, Self::Cluster, Self::Plugins, Self::Connections];
}

impl Hearth {
    /// Says that every part has been started.
    pub fn started(&self) {
        self.health.started.store(true, Ordering::Release);
    }

    /// Says that this node is about to stop: balancers are to send their requests elsewhere, and what comes is still answered.
    pub fn drain(&self) {
        self.health.draining.store(true, Ordering::Release);
    }

    /// Whether this node is about to stop.
    pub fn is_draining(&self) -> bool {
        self.health.draining.load(Ordering::Acquire)
    }

    /// Whether the node takes part in a cluster, rather than being all there is.
    pub fn clustered(&self) -> bool {
        self.config().cluster.listen.is_some()
    }

    /// A part of this node that does not go on.
    pub fn deadlocked(&self) -> Option<&'static str> {
        self.health.watchdog.stuck()
    }

    /// A property whose change waits for a restart.
    pub fn awaiting_restart(&self) -> Option<&'static str> {
        properties::awaiting_restart(&self.at_start, &self.local())
    }

    /// Whether one thing that makes a node ready is so.
    pub async fn is_ready(&self, what: Readiness) -> bool {
        match what {
            // The door opens last, so a request that comes here has found its listener accepting. Nothing else listens yet.
            Readiness::Connections => true,
            Readiness::Server => self.health.started.load(Ordering::Acquire) && !self.is_draining(),
            Readiness::Plugins => self.health.started.load(Ordering::Acquire),
            Readiness::Cluster => match self.read().await {
                Ok(_) => !self.clustered() || self.parts.cluster.is_up(),
                Err(_) => false,
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn what_goes_on_is_not_stuck_and_what_does_not_is_named() {
        // No machine keeps a test waiting for so long; what is stuck is shown at a later time.
        let deadline = Duration::from_secs(3600);
        let (watchdog, late) = (Watchdog::new(deadline), deadline + Duration::from_millis(1));
        let (beats, seen) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
        let (gate, count) = (Arc::clone(&beats), Arc::clone(&seen));
        watchdog.watch("one", &Handle::current(), move || {
            let (gate, count) = (Arc::clone(&gate), Arc::clone(&count));
            async move {
                count.fetch_add(1, Ordering::Relaxed);
                gate.acquire().await.is_ok_and(|permit| {
                    permit.forget();
                    true
                })
            }
        });
        while seen.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        let begun = watchdog.begun.elapsed();
        assert_eq!((watchdog.stuck(), watchdog.stuck_at(begun + late)), (None, Some("one")));
        assert_eq!(seen.load(Ordering::Relaxed), 1);
        beats.add_permits(Semaphore::MAX_PERMITS);
        while watchdog.stuck_at(begun + late).is_some() {
            tokio::task::yield_now().await;
        }
    }
}
