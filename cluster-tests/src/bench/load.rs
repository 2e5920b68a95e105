//! Closed-loop load: each connection sends its next request when it has the answer to the last one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::http::Connection;
use super::stats::{Slice, Summary};
use super::usage::Usage;

/// Makes the `n`th request of a connection.
pub type Make = Arc<dyn Fn(usize, u64) -> Vec<u8> + Send + Sync>;

/// How long a load runs before anything counts.
pub const WARM_UP: Duration = Duration::from_secs(1);
/// How long one slice of a load takes.
pub const SLICE: Duration = Duration::from_secs(1);

struct Client {
    number: usize,
    sent: u64,
    connection: Connection,
}

/// A number of connections to one server.
pub struct Load {
    runtime: Runtime,
    pid: u32,
    clients: Vec<Client>,
    make: Make,
}

impl Load {
    /// Connects to a server, given its address and its process.
    pub fn open((address, pid): (&str, u32), connections: usize, make: Make) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = async |number| Client { number, sent: 0, connection: Connection::open(address).await.expect("the server listens") };
        let clients = runtime.block_on(async {
            let mut clients = Vec::new();
            for number in 0..connections {
                clients.push(client(number).await);
            }
            clients
        });
        Self { runtime, pid, clients, make }
    }

    /// Loads the server for so long. Every answer must be a success.
    pub fn run(&mut self, span: Duration) -> Slice {
        let (clients, make, pid) = (std::mem::take(&mut self.clients), Arc::clone(&self.make), self.pid);
        let (slice, clients) = self.runtime.block_on(async move {
            let (begin, before) = (Instant::now(), Usage::of(pid));
            let mut tasks = JoinSet::new();
            for client in clients {
                tasks.spawn(drive(client, Arc::clone(&make), begin + span));
            }
            let (mut clients, mut latencies) = (Vec::new(), Vec::new());
            while let Some(done) = tasks.join_next().await {
                let (client, mut taken) = done.expect("no client panics");
                clients.push(client);
                latencies.append(&mut taken);
            }
            (Slice { latencies, span: begin.elapsed(), usage: Usage::of(pid) - before }, clients)
        });
        self.clients = clients;
        slice
    }
}

async fn drive(mut client: Client, make: Make, end: Instant) -> (Client, Vec<u32>) {
    let mut latencies = Vec::new();
    loop {
        let request = make(client.number, client.sent);
        client.sent += 1;
        let begin = Instant::now();
        let answer = client.connection.ask(&request).await.expect("an answer");
        let now = Instant::now();
        assert!((200..300).contains(&answer.status), "{} to {}", answer.status, String::from_utf8_lossy(&request));
        latencies.push(u32::try_from((now - begin).as_micros()).unwrap_or(u32::MAX));
        if now >= end {
            return (client, latencies);
        }
    }
}

/// Runs the loads in turns and gives what each came to.
pub fn interleave<const N: usize>(mut loads: [Load; N], rounds: usize) -> [Summary; N] {
    for load in &mut loads {
        load.run(WARM_UP);
    }
    let mut slices = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (load, slices) in loads.iter_mut().zip(&mut slices) {
            slices.push(load.run(SLICE));
        }
    }
    slices.map(|slices| Summary::of(&slices))
}
