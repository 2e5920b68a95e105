//! Deriving password verifiers: slow on purpose, so on a bounded pool of its own.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::base::ids;
use crate::base::secrets::{Secret, Verifier};
use crate::config::Hashing;
use crate::telemetry::metrics::Bound;

use super::Fault;

/// Hashes and checks passwords, as many at a time as there are cores.
#[derive(Clone, Debug)]
pub struct Hasher {
    runtime: Handle,
    threads: usize,
    cores: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Hasher {
    /// A pool on `runtime`.
    pub fn new(runtime: Handle, config: &Hashing) -> Self {
        let threads = config.pool_threads();
        Self { runtime, threads, cores: Arc::new(Semaphore::new(threads)), waiting: Arc::new(Semaphore::new(config.queue)) }
    }

    /// Makes a verifier of `password` with a fresh salt.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] when too many wait; [`Fault::Internal`] without randomness.
    pub async fn derive(&self, password: Secret, iterations: u32) -> Result<Verifier, Fault> {
        let salt = ids::random_salt().map_err(|e| Fault::Internal(e.to_string()))?;
        self.run(move || Verifier::derive(password.expose(), salt, iterations)).await
    }

    /// Whether `password` is the one behind `verifier`.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] when too many wait.
    pub async fn verify(&self, verifier: Verifier, password: Secret) -> Result<bool, Fault> {
        self.run(move || verifier.verify(password.expose())).await
    }

    /// How many passwords are hashed at a time.
    pub fn cores(&self) -> usize {
        self.threads
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let internal = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let waiting = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| full())?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|e| internal(&e))?;
        // The permits go with the work: it goes on, and takes its core, when whoever asked for it has gone.
        let held = move || {
            let done = work();
            drop((core, waiting));
            done
        };
        self.runtime.spawn_blocking(held).await.map_err(|e| internal(&e))
    }
}

fn full() -> Fault {
    Bound::Hashing.hit();
    Fault::Overloaded
}
