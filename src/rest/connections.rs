//! Connections that are held without being used are closed.
//!
//! The HTTP library ends a connection whose first request does not come, and one that is silent between two requests. A byte of a
//! next request that never comes whole ends its patience for good, and whoever sends one can keep every place there is. So each
//! connection is also seen to from here: when its last request began too long ago, and no long answer is on its way, its socket is
//! shut down.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use actix_web::dev::Extensions;

use crate::telemetry::metrics::Bound;

/// How often connections are looked at.
const ROUND: Duration = Duration::from_secs(1);

/// A connection, as long as the server has it.
#[derive(Debug)]
pub struct Connection {
    socket: TcpStream,
    used: Mutex<Instant>,
    streams: AtomicUsize,
    /// All there are.
    all: Arc<AtomicUsize>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connection {
    /// A request has begun.
    pub fn begin(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// An answer is on its way that takes as long as it takes, until the guard goes.
    pub fn stream(self: &Arc<Self>) -> Streaming {
        self.streams.fetch_add(1, Ordering::Relaxed);
        Streaming(Arc::clone(self))
    }

    fn is_idle(&self, patience: Duration) -> bool {
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        self.streams.load(Ordering::Relaxed) == 0 && used.elapsed() > patience
    }
}

/// A long answer on its way.
#[derive(Debug)]
pub struct Streaming(Arc<Connection>);

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.begin();
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All connections of a server. The server bounds how many there are.
#[derive(Clone, Debug)]
pub struct Connections {
    list: Arc<Mutex<Vec<Weak<Connection>>>>,
    open: Arc<AtomicUsize>,
    most: usize,
}

impl Connections {
    /// None yet; the server allows `most` at a time.
    pub fn new(most: usize) -> Self {
        Self { list: Arc::default(), open: Arc::default(), most }
    }

    /// How many there are.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Takes in a new connection; what it is goes with it in `data`.
    pub fn accept(&self, io: &dyn Any, data: &mut Extensions) {
        let socket = io.downcast_ref::<actix_web::rt::net::TcpStream>().and_then(|io| io.as_fd().try_clone_to_owned().ok());
        let Some(socket) = socket else { return };
        if self.open.fetch_add(1, Ordering::Relaxed) + 1 >= self.most {
            Bound::Connections.hit();
        }
        let (used, streams, all) = (Mutex::new(Instant::now()), AtomicUsize::new(0), Arc::clone(&self.open));
        let connection = Arc::new(Connection { socket: socket.into(), used, streams, all });
        self.list.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&connection));
        data.insert(connection);
    }

    /// Shuts down what has been idle for longer than `patience`, for ever.
    pub async fn watch(self, patience: Duration) {
        let mut round = tokio::time::interval(ROUND);
        loop {
            round.tick().await;
            let mut all = self.list.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|connection| {
                let Some(connection) = connection.upgrade() else { return false };
                let idle = connection.is_idle(patience);
                if idle {
                    let _ = connection.socket.shutdown(Shutdown::Both); // it may be gone already
                }
                !idle
            });
        }
    }
}
