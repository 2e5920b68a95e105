//! Deriving password verifiers: slow on purpose, so on a bounded pool of its own.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::base::ids;
use crate::base::secrets::{Secret, Verifier};
use crate::config::Hashing;

use super::Fault;

/// Hashes and checks passwords, as many at a time as there are cores.
#[derive(Clone, Debug)]
pub struct Hasher {
    runtime: Handle,
    cores: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Hasher {
    /// A pool on `runtime`.
    pub fn new(runtime: Handle, config: &Hashing) -> Self {
        Self { runtime, cores: Arc::new(Semaphore::new(config.pool_threads())), waiting: Arc::new(Semaphore::new(config.queue)) }
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

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Fault::Overloaded)?;
        let _core = self.cores.acquire().await.map_err(|e| Fault::Internal(e.to_string()))?;
        self.runtime.spawn_blocking(work).await.map_err(|e| Fault::Internal(e.to_string()))
    }
}
