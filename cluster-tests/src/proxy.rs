//! A network between nodes that can fail, without root: every node is reached through a proxy, which knows by the address a
//! connection comes from which node is calling.
//!
//! What can fail is a way: the bytes that go from one node to another, whichever of the two has dialled. Bytes on a way that
//! is cut are held, as TCP would send them again, and go on when it heals; what was written before may so arrive very late.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as Listener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::dice::Dice;

/// The state of a way from one node to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Bytes pass at once.
    #[default]
    Open,
    /// Bytes are held; new connections are accepted and hear nothing.
    Silent,
    /// Bytes are held; new connections are closed at once.
    Refused,
    /// Each piece of up to [`PIECE`] bytes takes so long.
    Slow(Duration),
    /// Pieces stall for up to [`STALL`], and some connections break.
    Lossy,
}

/// The most bytes that pass in one piece.
pub const PIECE: usize = 64 * 1024;
/// The longest stall on a lossy way.
pub const STALL: Duration = Duration::from_millis(500);
/// One piece in so many stalls on a lossy way.
const STALLS: u64 = 10;
/// One piece in so many breaks its connection on a lossy way.
const BREAKS: u64 = 200;

/// The address from which a node calls, and on which it listens behind its proxy.
pub fn ip(node: usize) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, 10 + u8::try_from(node).expect("few nodes")).into()
}

fn caller(address: IpAddr) -> Option<usize> {
    let IpAddr::V4(address) = address else { return None };
    match address.octets() {
        [127, 0, 0, last] => usize::from(last).checked_sub(10),
        _ => None,
    }
}

/// The proxies of all nodes.
pub struct Network {
    runtime: Runtime,
    ways: Arc<Ways>,
    nodes: usize,
}

/// The state of every way, and random numbers for the lossy ones.
struct Ways {
    states: Mutex<HashMap<(usize, usize), watch::Sender<Way>>>,
    dice: Mutex<Dice>,
    strangers: AtomicUsize,
}

impl Network {
    /// A network without nodes.
    pub fn new(dice: Dice) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let ways = Ways { states: Mutex::default(), dice: Mutex::new(dice), strangers: AtomicUsize::new(0) };
        Self { runtime, ways: Arc::new(ways), nodes: 0 }
    }

    /// Puts a proxy before the next node, which listens on `target`, and gives the proxy's address.
    pub fn add(&mut self, target: SocketAddr) -> SocketAddr {
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let address = listener.local_addr().expect("a bound address");
        let (ways, node) = (Arc::clone(&self.ways), self.nodes);
        self.nodes += 1;
        self.runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listener of this runtime");
            ways.serve(&listener, node, target).await;
        });
        address
    }

    /// Sets the way from one node to another.
    pub fn set(&self, from: usize, to: usize, way: Way) {
        self.ways.state(from, to).send_replace(way);
    }

    /// Sets both ways between two nodes.
    pub fn set_both(&self, one: usize, other: usize, way: Way) {
        self.set(one, other, way);
        self.set(other, one, way);
    }

    /// Sets all ways between a node and the others.
    pub fn isolate(&self, node: usize, way: Way) {
        (0..self.nodes).filter(|other| *other != node).for_each(|other| self.set_both(node, other, way));
    }

    /// Opens every way.
    pub fn heal(&self) {
        for state in self.ways.states.lock().unwrap_or_else(PoisonError::into_inner).values() {
            state.send_replace(Way::Open);
        }
    }

    /// How many connections came from an address that is no node's. They are closed, since no fault would meet them.
    pub fn strangers(&self) -> usize {
        self.ways.strangers.load(Ordering::Relaxed)
    }
}

impl Ways {
    fn state(&self, from: usize, to: usize) -> watch::Sender<Way> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.entry((from, to)).or_insert_with(|| watch::Sender::new(Way::Open)).clone()
    }

    async fn serve(self: Arc<Self>, listener: &TcpListener, node: usize, target: SocketAddr) {
        while let Ok((inbound, peer)) = listener.accept().await {
            match caller(peer.ip()) {
                Some(from) => drop(tokio::spawn(Arc::clone(&self).connect(inbound, from, node, target))),
                None => drop(self.strangers.fetch_add(1, Ordering::Relaxed)),
            }
        }
    }

    /// Carries one connection, until both of its directions have ended or one has broken.
    async fn connect(self: Arc<Self>, inbound: TcpStream, from: usize, to: usize, target: SocketAddr) {
        let (mut there, mut back) = (self.gate(from, to), self.gate(to, from));
        if there.is_refused() || back.is_refused() {
            return;
        }
        // Greeting a node takes a word from both.
        if there.pass().await.is_err() || back.pass().await.is_err() {
            return;
        }
        let Ok(outbound) = TcpStream::connect(target).await else { return };
        if inbound.set_nodelay(true).is_err() || outbound.set_nodelay(true).is_err() {
            return;
        }
        let ((read, write), (far_read, far_write)) = (inbound.into_split(), outbound.into_split());
        // A connection breaks as a whole.
        let _ = tokio::try_join!(carry(read, far_write, there), carry(far_read, write, back));
    }

    fn gate(&self, from: usize, to: usize) -> Gate {
        let dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner).split();
        Gate { way: self.state(from, to).subscribe(), dice }
    }
}

/// One way, as one connection meets it.
struct Gate {
    way: watch::Receiver<Way>,
    dice: Dice,
}

impl Gate {
    fn is_refused(&self) -> bool {
        *self.way.borrow() == Way::Refused
    }

    /// Waits until a piece may pass. An error breaks the connection.
    async fn pass(&mut self) -> io::Result<()> {
        let way = *self.way.wait_for(|way| !matches!(way, Way::Silent | Way::Refused)).await.map_err(io::Error::other)?;
        match way {
            Way::Slow(delay) => tokio::time::sleep(delay).await,
            Way::Lossy if self.dice.roll(BREAKS) == 0 => return Err(io::ErrorKind::ConnectionReset.into()),
            Way::Lossy if self.dice.roll(STALLS) == 0 => tokio::time::sleep(self.dice.time(STALL)).await,
            _ => {}
        }
        Ok(())
    }
}

/// Carries bytes of one direction to their end, or the news that the sender's side has broken.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut gate: Gate) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece).await;
        gate.pass().await?;
        let length = read?;
        if length == 0 {
            return to.shutdown().await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            // The sender learns of it by the other direction, when that lets it.
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
