//! Clients: each asks one node after another, and asks again under the same id when the answer does not come.

use std::sync::Arc;
use std::time::Duration;

use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime;

use super::chance::Chance;
use super::net::Net;
use super::server::Server;
use super::types::now;
use super::witness::Witness;
use crate::base::clock::Timestamp;
use crate::base::jid::{Domain, Jid, Localpart};
use crate::base::secrets::Verifier;
use crate::cluster::Unavailable;
use crate::cluster::group::Seat;
use crate::state::sessions::NewSession;
use crate::state::users::NewUser;
use crate::state::{Command, Outcome, Proposal, Refusal, RequestId, State, nodes, properties, sessions, users};

/// How long a client waits for an answer before it asks again.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long it goes on asking.
const PERSISTENCE: Duration = Duration::from_secs(40);
/// How many keys properties have.
const KEYS: u64 = 3;

/// A client. What it creates has names that nobody else uses.
#[derive(Clone)]
pub struct Client {
    /// The network, for finding who serves.
    pub net: Net,
    /// Who sees everything.
    pub witness: Witness,
    /// What is drawn.
    pub chance: Chance,
    /// When it stops asking for new things.
    pub stop: Duration,
}

impl Client {
    /// Asks again and again.
    pub async fn run(self, pause: std::ops::Range<u64>) {
        while now() < self.stop && !self.witness.objects() {
            SimRuntime::sleep(self.chance.time(pause.clone())).await;
            let Some(server) = self.somebody() else { continue };
            match self.chance.within(0..20) {
                0..=7 => self.put().await,
                8..=9 => self.create().await,
                10..=11 => self.connect(&server).await,
                12 => self.end_again().await,
                _ => drop(self.read(&server).await),
            }
        }
    }

    fn somebody(&self) -> Option<Arc<Server>> {
        let mut all = self.net.all();
        all.retain(|server| server.process.staying.is_on());
        (!all.is_empty()).then(|| Arc::clone(self.chance.pick(&all)))
    }

    async fn put(&self) {
        let (key, value) = (format!("k{}", self.chance.within(0..KEYS)), self.chance.uuid().to_string());
        self.write(Command::Properties(properties::Command::Set { key, value })).await;
    }

    /// Nobody else has this name, so it is created exactly once or not at all.
    async fn create(&self) {
        let given = format!("u{}", self.chance.draw());
        let username = Localpart::parse(&given).unwrap();
        let user = NewUser { username, given, name: None, email: None, verifier: Verifier::nobody(), properties: Vec::new() };
        self.write(Command::Users(users::Command::Create(vec![user]))).await;
    }

    /// A session at this node, in the life that it has announced.
    async fn connect(&self, server: &Server) {
        let (process, incarnation) = (&server.process, *server.process.incarnation.borrow());
        let Some(incarnation) = incarnation.filter(|_| process.fence.is_on()) else { return };
        let jid = Jid::parse(&format!("a{}@localhost/r", self.chance.draw())).unwrap();
        let new = NewSession { jid, node: process.own.uuid, incarnation, address: None, secure: true, anonymous: true, replace: false };
        self.write(Command::Sessions(sessions::Command::Open(new))).await;
    }

    /// Says of a life that has ended that it has: as a node that leaves, and was slow to say so.
    async fn end_again(&self) {
        if let Some((node, incarnation)) = self.witness.ended() {
            self.write(Command::Nodes(nodes::Command::Down { node, incarnation })).await;
        }
    }

    /// Writes, at any node and then at another one; what came of it, if that was told.
    pub async fn write(&self, command: Command) -> Option<Outcome> {
        let (floor, until, id) = (self.witness.floor(), now() + PERSISTENCE, RequestId(self.chance.uuid()));
        let fingerprint = self.chance.once_in(2).then_some([7; 16]);
        let at = Timestamp(i64::try_from(now().as_millis()).unwrap());
        let proposal = Proposal { id, fingerprint, at, domain: Domain::localhost(), audit: None, command };
        while now() < until {
            if let Some(server) = self.somebody() {
                if self.chance.once_in(8) {
                    // As if the network had repeated it.
                    let other = self.somebody().unwrap_or_else(|| Arc::clone(&server));
                    drop(SimRuntime::spawn(propose(other, proposal.clone())));
                }
                if let Some(Ok(outcome)) = propose(server, proposal.clone()).await {
                    self.witness.answered(id, floor, &outcome);
                    self.judge(&proposal.command, &outcome);
                    return Some(outcome);
                }
            }
            self.witness.count("writes asked again");
            SimRuntime::sleep(self.chance.time(20..300)).await;
        }
        self.witness.count("writes given up");
        None
    }

    fn judge(&self, command: &Command, outcome: &Outcome) {
        let fine = match (command, outcome) {
            (_, Ok(_)) => true,
            (Command::Sessions(_), Err(Refusal::NodeNotUp(_))) => true,
            (_, Err(_)) => false,
        };
        if !fine {
            self.witness.object(format!("{:?} is refused: {outcome:?}", std::mem::discriminant(command)));
        }
    }

    /// Reads here; whether it was answered.
    pub async fn read(&self, server: &Arc<Server>) -> bool {
        let floor = self.witness.floor();
        match linearizable(Arc::clone(server)).await {
            Some(Ok(state)) => {
                self.witness.read(floor, &state);
                true
            }
            _ => {
                self.witness.count("reads refused");
                false
            }
        }
    }
}

/// As long as the process lives and the client waits.
async fn propose(server: Arc<Server>, proposal: Proposal) -> Option<Result<Outcome, Unavailable>> {
    attended(&server, server.proposer.propose(proposal)).await
}

async fn linearizable(server: Arc<Server>) -> Option<Result<Arc<State>, Unavailable>> {
    attended(&server, server.reads.linearizable()).await
}

async fn attended<T: Send>(server: &Server, work: impl Future<Output = T> + Send) -> Option<T> {
    let process = &server.process;
    let served = async {
        process.running.until(true).await;
        let done = work.await;
        process.until(process.now()).await; // stopped in the meantime: it answers later
        done
    };
    let served = SimRuntime::timeout(PATIENCE, served);
    tokio::select! {
        biased;
        () = process.alive.until(false) => None,
        done = served => done.ok(),
    }
}
