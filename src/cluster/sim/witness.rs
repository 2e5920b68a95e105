//! Sees everything that happens in a simulation, and objects to what must not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use openraft::EntryPayload;
use uuid::Uuid;

use super::net::Net;
use super::types::{Entry, LogId, now};
use crate::state::nodes::Command as Nodes;
use crate::state::{Command, Logged, Outcome, Reply, RequestId, State, properties};

/// How often the checksum of the state is taken, in entries: it walks over everything.
const SUMMED: u64 = 128;

/// What the first node to apply an index found there.
struct Fact {
    id: LogId,
    payload: Bytes,
    outcome: Outcome,
    /// Who is up, the senior first.
    up: Vec<(Uuid, u64)>,
    sum: Option<[u8; 32]>,
}

/// Where an act took effect, and what came of it.
struct Carried {
    index: u64,
    outcome: Outcome,
}

#[derive(Default)]
struct Seen {
    facts: BTreeMap<u64, Fact>,
    carried: HashMap<RequestId, Carried>,
    /// What properties were set to, by key and index.
    values: BTreeMap<String, BTreeMap<u64, String>>,
    /// Every life that was announced.
    lives: Vec<(Uuid, u64)>,
    /// Numbers given to nodes.
    numbers: BTreeMap<u64, Uuid>,
    /// Hosts that take part and read format 1 only.
    old: BTreeSet<usize>,
    /// Nodes that are being taken out, and their hosts: it ends their lives whether they serve or not, and they need not read
    /// what is written then.
    leaving: BTreeMap<Uuid, usize>,
    /// No answer that begins now may be older.
    floor: u64,
    /// Declarations that a node is down, made while it served.
    served: HashMap<RequestId, usize>,
    objections: Vec<String>,
    trace: Option<Vec<String>>,
    tally: BTreeMap<&'static str, u64>,
}

/// See the module. Clones are handles to the same one.
#[derive(Clone)]
pub struct Witness(Arc<Mutex<Seen>>);

impl Witness {
    /// Nothing seen yet; keeps a trace or not.
    pub fn new(traced: bool) -> Self {
        Self(Arc::new(Mutex::new(Seen { trace: traced.then(Vec::new), ..Seen::default() })))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap()
    }

    /// A node has applied an entry.
    pub fn applied(&self, host: usize, entry: &Entry, outcome: &Outcome, state: &State) {
        self.seen().applied(host, entry, outcome, state);
    }

    /// A node has taken its state from a snapshot.
    pub fn installed(&self, host: usize, state: &State) {
        let mut seen = self.seen();
        seen.count("snapshots installed");
        seen.note(|| format!("{host} has the snapshot of {}", state.index));
        let up = up(state);
        if seen.facts.get(&state.index).is_some_and(|fact| fact.up != up || fact.sum.is_some_and(|sum| sum != state.checksum())) {
            seen.object(format!("host {host} took another state of {} from a snapshot", state.index));
        }
    }

    /// Something is about to be written to a log. Should it get there, a node must not serve any more when it is declared
    /// down.
    pub fn proposed(&self, net: &Net, payload: &Bytes) {
        let proposal = Logged::decode(payload).unwrap().proposal;
        let Command::Nodes(Nodes::Down { node, incarnation }) = proposal.command else { return };
        let mut seen = self.seen();
        seen.note(|| format!("{node} is to be declared down in its life {incarnation}"));
        if let Some(server) = net.of(node) {
            let process = &server.process;
            let serves = process.fence.is_on() && process.running.is_on() && process.aware.is_on() && process.staying.is_on();
            if serves && !seen.leaving.contains_key(&node) && *process.incarnation.borrow() == Some(incarnation) {
                seen.served.insert(proposal.id, process.host);
            }
        }
    }

    /// A fence has opened or closed.
    pub fn fenced(&self, host: usize, open: bool) {
        let mut seen = self.seen();
        seen.count(if open { "fences opened" } else { "fences closed" });
        seen.note(|| format!("the fence of {host} is {}", if open { "open" } else { "closed" }));
    }

    /// A node stands for election, for the leader's connections broke.
    pub fn stands(&self, host: usize) {
        let mut seen = self.seen();
        seen.count("stood");
        seen.note(|| format!("{host} stands"));
    }

    /// Leadership is about to be handed over.
    pub fn transfer(&self, to: u64) {
        let mut seen = self.seen();
        seen.count("transfers");
        seen.note(|| format!("leadership is handed to {to}"));
    }

    /// A node was given its number.
    pub fn numbered(&self, number: u64, node: Uuid) {
        let mut seen = self.seen();
        seen.note(|| format!("node {number} is {node}"));
        if seen.numbers.insert(number, node).is_some_and(|other| other != node) {
            seen.object(format!("the number {number} is given twice"));
        }
    }

    /// Whether this host takes part and reads format 1 only.
    pub fn reads_only_1(&self, host: usize, only: bool) {
        let mut seen = self.seen();
        seen.note(|| format!("{host} reads only format 1: {only}"));
        if only {
            seen.old.insert(host)
        } else {
            seen.old.remove(&host)
        };
    }

    /// The node of a host is about to be taken out.
    pub fn leaves(&self, host: usize, node: Uuid) {
        self.seen().leaving.insert(node, host);
    }

    /// It is over with that: the node stays, or its host is somebody else.
    pub fn left(&self, node: Uuid) {
        self.seen().leaving.remove(&node);
    }

    /// A node has said that this life is over.
    pub fn left_life(&self, host: usize, life: (Uuid, u64)) {
        let mut seen = self.seen();
        seen.count("said that they leave");
        if seen.facts.last_key_value().is_some_and(|(_, fact)| fact.up.contains(&life)) {
            seen.object(format!("{host} has left, and is up"));
        }
    }

    /// The newest of the lives that have ended.
    pub fn ended(&self) -> Option<(Uuid, u64)> {
        let seen = self.seen();
        let up = &seen.facts.last_key_value()?.1.up;
        seen.lives.iter().rev().find(|life| !up.contains(life)).copied()
    }

    /// The index that an answer to a question asked now must have seen.
    pub fn floor(&self) -> u64 {
        self.seen().floor
    }

    /// An act that began when the floor was `floor` is answered.
    pub fn answered(&self, id: RequestId, floor: u64, outcome: &Outcome) {
        let mut seen = self.seen();
        seen.count("writes answered");
        let Some(carried) = seen.carried.get(&id) else { return seen.object(format!("{} is answered and nowhere carried out", id.0)) };
        let (index, same) = (carried.index, carried.outcome == *outcome);
        seen.floor = seen.floor.max(index);
        seen.note(|| format!("answered: {index}"));
        if index <= floor {
            seen.object(format!("a write that began after {floor} is carried out at {index}"));
        }
        if !same {
            seen.object(format!("the answer to {index} is {outcome:?}"));
        }
    }

    /// A read that began when the floor was `floor` found this.
    pub fn read(&self, floor: u64, state: &State) {
        let mut seen = self.seen();
        seen.count("reads answered");
        seen.note(|| format!("read: {}", state.index));
        seen.floor = seen.floor.max(state.index);
        if state.index < floor {
            seen.object(format!("a read that began after {floor} is of {}", state.index));
        }
        let stale = seen.values.iter().find(|(key, values)| {
            let expected = values.range(..=state.index).next_back().map(|(_, value)| value.as_str());
            expected != state.properties.value(key)
        });
        if let Some((key, _)) = stale {
            let text = format!("at {} the property {key} is not what was written", state.index);
            seen.object(text);
        }
    }

    /// Counts something.
    pub fn count(&self, what: &'static str) {
        self.seen().count(what);
    }

    /// Notes something.
    pub fn note(&self, what: impl Display) {
        self.seen().note(|| what.to_string());
    }

    /// Objects to something.
    pub fn object(&self, what: impl Display) {
        self.seen().object(what.to_string());
    }

    /// Whether there is an objection.
    pub fn objects(&self) -> bool {
        !self.seen().objections.is_empty()
    }

    /// Everything objected to, the trace, and how often what happened.
    pub fn verdict(&self) -> (Vec<String>, Vec<String>, BTreeMap<&'static str, u64>) {
        let seen = self.seen();
        (seen.objections.clone(), seen.trace.clone().unwrap_or_default(), seen.tally.clone())
    }
}

fn up(state: &State) -> Vec<(Uuid, u64)> {
    state.nodes.iter().map(|member| (member.node, member.incarnation)).collect()
}

fn payload(entry: &Entry) -> Bytes {
    match &entry.payload {
        EntryPayload::Normal(payload) => payload.0.clone(),
        other => Bytes::from(format!("{other}")),
    }
}

impl Seen {
    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:.6} {}", now().as_secs_f64(), what()));
        }
    }

    fn object(&mut self, what: String) {
        self.note(|| format!("OBJECTION: {what}"));
        self.objections.push(format!("{:.3} s: {what}", now().as_secs_f64()));
    }

    fn applied(&mut self, host: usize, entry: &Entry, outcome: &Outcome, state: &State) {
        let index = entry.log_id.index;
        let sum = index.is_multiple_of(SUMMED).then(|| state.checksum());
        let fact = Fact { id: entry.log_id, payload: payload(entry), outcome: outcome.clone(), up: up(state), sum };
        self.note(|| format!("{host} applied {}: {}", entry.log_id, shown(entry)));
        match self.facts.get(&index) {
            Some(first) => {
                let differs = [
                    (first.id != fact.id || first.payload != fact.payload, "the committed log"),
                    (first.outcome != fact.outcome, "the outcome"),
                    (first.up != fact.up, "who is up, or the senior,"),
                    (first.sum != fact.sum, "the state"),
                ];
                let differ: Vec<_> = differs.iter().filter(|(differs, _)| *differs).map(|(_, what)| *what).collect();
                if !differ.is_empty() {
                    self.object(format!("{} differs at {index} on host {host}", differ.join(" and ")));
                }
            }
            None => {
                self.first_applied(entry, &fact, state);
                self.facts.insert(index, fact);
            }
        }
    }

    fn first_applied(&mut self, entry: &Entry, fact: &Fact, state: &State) {
        let index = entry.log_id.index;
        let EntryPayload::Normal(_) = &entry.payload else { return };
        if fact.payload.first() == Some(&2) {
            self.count("format 2");
            let old: Vec<_> = self.old.iter().filter(|host| !self.leaving.values().any(|left| left == *host)).collect();
            if !old.is_empty() {
                self.object(format!("format 2 is written at {index} while {old:?} cannot read it"));
            }
        }
        let proposal = Logged::decode(&fact.payload).unwrap().proposal;
        let retry = self.carried.contains_key(&proposal.id);
        if retry {
            self.count("retries in the log");
        } else {
            self.carried.insert(proposal.id, Carried { index, outcome: fact.outcome.clone() });
        }
        match (proposal.command, &fact.outcome) {
            (Command::Properties(properties::Command::Set { key, value }), Ok(_)) if !retry => {
                self.values.entry(key).or_default().insert(index, value);
            }
            (Command::Nodes(Nodes::Up { node, .. }), Ok(Reply::Number(incarnation))) if !retry => self.up(index, node, *incarnation),
            (Command::Nodes(Nodes::Down { node, incarnation }), _) => self.down(index, proposal.id, (node, incarnation), &fact.up),
            (Command::Nodes(Nodes::Raise(_)), _) => self.count("raises"),
            _ => {}
        }
        self.look_at_sessions(state);
    }

    fn up(&mut self, index: u64, node: Uuid, incarnation: u64) {
        self.count("ups");
        let newest = self.lives.last().map_or(0, |(_, incarnation)| *incarnation);
        if incarnation != index || incarnation <= newest {
            self.object(format!("the incarnation {incarnation} at {index} is not newer than {newest}"));
        }
        self.lives.push((node, incarnation));
    }

    /// It ends this life and no other one.
    fn down(&mut self, index: u64, id: RequestId, life: (Uuid, u64), up: &[(Uuid, u64)]) {
        self.count("downs");
        let before = self.facts.range(..index).next_back().map(|(_, fact)| fact.up.clone()).unwrap_or_default();
        let ended = before.contains(&life);
        self.count(if ended { "lives ended" } else { "late downs" });
        if !before.iter().filter(|other| **other != life).eq(up) {
            self.object(format!("more than the life {} has ended at {index}", life.1));
        }
        if let Some(host) = self.served.get(&id).filter(|_| ended) {
            self.object(format!("host {host} was declared down at {index} while it served"));
        }
    }

    /// There are sessions of lives only that have not ended.
    fn look_at_sessions(&mut self, state: &State) {
        let orphan = state.sessions.iter().find(|session| !state.nodes.is_up(session.node, session.incarnation));
        if let Some(session) = orphan {
            self.object(format!("at {} there is {} of a dead life", state.index, session.jid));
        }
    }
}

/// What of an entry is the same in every run.
fn shown(entry: &Entry) -> String {
    match &entry.payload {
        EntryPayload::Normal(payload) => Logged::decode(&payload.0).map_or_else(|error| error.to_string(), |logged| kind(&logged)),
        other => format!("{other}"),
    }
}

fn kind(logged: &Logged) -> String {
    match &logged.proposal.command {
        Command::Nodes(Nodes::Up { node, .. }) => format!("up {node}"),
        Command::Nodes(command) => format!("{command:?}"),
        Command::Properties(command) => format!("{command:?}"),
        other => format!("{:?} {}", std::mem::discriminant(other), logged.proposal.id.0),
    }
}
