//! Concurrent clients of all nodes, and what they asked and were told.

mod audit;
mod client;
mod judge;
mod nouns;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::dice::Dice;
use crate::history::{Act, History, Operation, Outcome};
use crate::rest;

pub use audit::Audit;
pub use client::{ANSWER, Client, GIVE_UP, Told};
pub use nouns::{Meaning, Noun, Request, text, value};

/// How much traffic.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Begins every name and every idempotency key, so that several runs on one cluster do not meet.
    pub name: String,
    /// Concurrent clients.
    pub clients: usize,
    /// Keys of each noun; the fewer, the more often clients meet.
    pub keys: usize,
    /// The longest pause of a client between two requests.
    pub pause: Duration,
}

/// Clients at work.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    work: JoinHandle<Record>,
}

/// What was asked and told.
#[derive(Debug)]
pub struct Record {
    /// Every operation of which something is known or may have happened.
    pub history: History,
    /// Answers that should never be given.
    pub surprises: Vec<String>,
    /// Reads that got no answer, and writes that were never sent.
    pub without_answer: u64,
    plan: Plan,
    epoch: Instant,
}

/// What all clients share.
struct Shared {
    plan: Plan,
    epoch: Instant,
    stop: Arc<AtomicBool>,
    /// The value of the next write. Values of one run are never used twice.
    next: AtomicU64,
}

impl Traffic {
    /// Sends requests to these nodes until told to stop.
    pub fn start(addresses: &[String], plan: &Plan, mut dice: Dice) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let shared = Shared { plan: plan.clone(), epoch: Instant::now(), stop: Arc::clone(&stop), next: AtomicU64::new(1) };
        let clients: Vec<_> = (0..plan.clients).map(|_| Client::new(addresses, dice.split())).collect();
        let work = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(run(Arc::new(shared), clients))
        });
        Self { stop, work }
    }

    /// Lets every client finish what it has begun and gives what they were told.
    pub fn stop(self) -> Record {
        self.stop.store(true, Ordering::Relaxed);
        self.work.join().expect("no client panics")
    }
}

async fn run(shared: Arc<Shared>, clients: Vec<Client>) -> Record {
    let mut tasks = JoinSet::new();
    for (number, client) in clients.into_iter().enumerate() {
        tasks.spawn(drive(Arc::clone(&shared), number, client));
    }
    let mut record = Record { history: History::default(), surprises: Vec::new(), without_answer: 0, plan: shared.plan.clone(), epoch: shared.epoch };
    while let Some(done) = tasks.join_next().await {
        let mut done = done.expect("no client panics");
        record.history.operations.append(&mut done.history.operations);
        record.surprises.append(&mut done.surprises);
        record.without_answer += done.without_answer;
    }
    record
}

async fn drive(shared: Arc<Shared>, number: usize, mut client: Client) -> Record {
    let (plan, epoch) = (&shared.plan, shared.epoch);
    let mut record = Record { history: History::default(), surprises: Vec::new(), without_answer: 0, plan: plan.clone(), epoch };
    while !shared.stop.load(Ordering::Relaxed) {
        let value = shared.next.fetch_add(1, Ordering::Relaxed);
        let noun = client.dice.pick(&[Noun::Property, Noun::Property, Noun::User, Noun::Room]);
        let key = plan.key(noun, client.dice.roll(plan.keys as u64));
        let act = client.dice.pick(&noun.acts(value));
        let from = epoch.elapsed();
        let told = client.ask(noun, &key, act, &format!("{}-{value}", plan.name)).await;
        record.note(Operation { key, client: number, act, outcome: Outcome::Unknown, from, to: epoch.elapsed(), via: Vec::new() }, told);
        tokio::time::sleep(client.dice.time(plan.pause)).await;
    }
    record
}

impl Plan {
    fn key(&self, noun: Noun, number: u64) -> String {
        format!("{}-{}{number}", self.name, noun.letter())
    }

    fn keys(&self) -> impl Iterator<Item = (Noun, String)> + '_ {
        let nouns = [Noun::Property, Noun::User, Noun::Room];
        nouns.into_iter().flat_map(move |noun| (0..self.keys as u64).map(move |number| (noun, self.key(noun, number))))
    }
}

impl Noun {
    fn letter(self) -> char {
        match self {
            Self::Property => 'p',
            Self::User => 'u',
            Self::Room => 'r',
        }
    }
}

impl Record {
    fn note(&mut self, operation: Operation, told: Told) {
        self.surprises.extend(told.surprise.map(|what| format!("{operation}: {what}")));
        match told.outcome {
            Some(outcome) => self.history.operations.push(Operation { outcome, via: told.via, ..operation }),
            None => self.without_answer += 1,
        }
    }

    /// Reads every key at every node, as operations of one more client: what was acknowledged must be there.
    pub fn read_everywhere(&mut self, nodes: &[rest::Client]) {
        let keys: Vec<_> = self.plan.keys().collect();
        for (node, client) in nodes.iter().enumerate() {
            for (noun, key) in &keys {
                let from = self.epoch.elapsed();
                let answer = rest::served(|| client.absolute("GET", &noun.request(key, Act::Get).target, None));
                let Meaning::Outcome(outcome) = noun.meaning(Act::Get, &answer) else {
                    self.surprises.push(format!("node {node}, {key}: {} {}", answer.status, answer.text()));
                    continue;
                };
                let (key, to) = (key.clone(), self.epoch.elapsed());
                self.history.operations.push(Operation { key, client: self.plan.clients, act: Act::Get, outcome, from, to, via: vec![node] });
            }
        }
    }

    /// How many operations there are of each outcome.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for operation in &self.history.operations {
            let kind = match operation.outcome {
                Outcome::Done => "done",
                Outcome::Refused => "refused",
                Outcome::Read(_) => "read",
                Outcome::Unknown => "unknown",
            };
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }

    /// The longest time without any write being acknowledged.
    pub fn longest_gap(&self) -> Duration {
        let writes = self.history.operations.iter().filter(|operation| operation.outcome == Outcome::Done);
        let mut ends: Vec<_> = writes.map(|operation| operation.to).collect();
        ends.sort_unstable();
        ends.windows(2).map(|two| two[1] - two[0]).max().unwrap_or_default()
    }
}
