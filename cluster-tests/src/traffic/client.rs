//! One client: it asks, and asks again elsewhere under the same key, until it knows or gives up.

use std::io;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::bench::http::{Connection, request};
use crate::dice::Dice;
use crate::history::{Act, Outcome};
use crate::node::SECRET;
use crate::rest::Response;

use super::nouns::{Meaning, Noun};

/// How long a client waits for one answer before it asks elsewhere.
pub const ANSWER: Duration = Duration::from_secs(4);

/// How long a client tries before it gives up.
pub const GIVE_UP: Duration = Duration::from_secs(30);

/// The pause before something is asked again.
const BREATH: Duration = Duration::from_millis(30);

/// A client with a connection to each node, kept as long as it lasts.
pub struct Client {
    addresses: Vec<String>,
    connections: Vec<Option<Connection>>,
    /// What it chooses by.
    pub dice: Dice,
}

/// What became of a request.
pub struct Told {
    /// `None` if it certainly had no effect and told nothing.
    pub outcome: Option<Outcome>,
    /// The nodes asked, in turn.
    pub via: Vec<usize>,
    /// What should never be said.
    pub surprise: Option<String>,
}

impl Told {
    /// Takes note of what an attempt came to. Whether asking again is of no use.
    fn hear(&mut self, heard: Result<Meaning, Lost>) -> bool {
        let (outcome, surprise) = match heard {
            Err(Lost::Unsent) => return false,
            Err(Lost::Broken) | Ok(Meaning::Again) => (Outcome::Unknown, None),
            Ok(Meaning::Outcome(outcome)) => (outcome, None),
            Ok(Meaning::Surprise(what)) => (Outcome::Unknown, Some(what)),
        };
        self.outcome = Some(outcome);
        self.surprise = surprise;
        outcome != Outcome::Unknown || self.surprise.is_some()
    }
}

/// Why there is no answer.
enum Lost {
    /// The request was not sent.
    Unsent,
    /// It may have been heard.
    Broken,
}

impl Client {
    /// A client of these nodes.
    pub fn new(addresses: &[String], dice: Dice) -> Self {
        let connections = addresses.iter().map(|_| None).collect();
        Self { addresses: addresses.to_vec(), connections, dice }
    }

    /// Asks any node, and the next one while the outcome is open.
    pub async fn ask(&mut self, noun: Noun, name: &str, act: Act, key: &str) -> Told {
        let asked = noun.request(name, act);
        let mut headers = vec![("Authorization", SECRET), ("Accept", "application/json"), ("Content-Type", "application/json")];
        if act != Act::Get {
            headers.push(("Idempotency-Key", key));
        }
        let bytes = request(asked.method, &asked.target, &headers, &asked.body);
        self.insist(&bytes, act, |answer| noun.meaning(act, answer)).await
    }

    async fn insist(&mut self, bytes: &[u8], act: Act, meaning: impl Fn(&Response) -> Meaning) -> Told {
        let since = Instant::now();
        let mut told = Told { outcome: None, via: Vec::new(), surprise: None };
        let mut node = self.dice.pick(&(0..self.addresses.len()).collect::<Vec<_>>());
        loop {
            told.via.push(node);
            let settled = told.hear(self.attempt(node, bytes).await.map(|answer| meaning(&answer)));
            if settled || since.elapsed() > GIVE_UP {
                // A read without an answer says nothing.
                told.outcome = told.outcome.filter(|outcome| act != Act::Get || *outcome != Outcome::Unknown);
                return told;
            }
            node = (node + 1) % self.addresses.len();
            tokio::time::sleep(BREATH).await;
        }
    }

    async fn attempt(&mut self, node: usize, bytes: &[u8]) -> Result<Response, Lost> {
        let kept = self.connections[node].take();
        let mut connection = match kept {
            Some(connection) => connection,
            None => timely(Connection::open(&self.addresses[node])).await.map_err(|_| Lost::Unsent)?,
        };
        let answer = timely(connection.fetch(bytes)).await.map_err(|_| Lost::Broken)?;
        if answer.header("connection") != Some("close") {
            self.connections[node] = Some(connection);
        }
        Ok(answer)
    }
}

async fn timely<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(ANSWER, work).await.map_err(io::Error::from)?
}
