//! The service as a whole: what actions need, and the two things they do with it: propose and read.

use std::sync::Arc;

use uuid::Uuid;

use crate::base::addresses::Forwarding;
use crate::base::clock::Timestamp;
use crate::base::jid::Domain;
use crate::cluster::{Cluster, Gauges, Proposer, Reads};
use crate::config::Config;
use crate::raft::LedgerReader;
use crate::state::audit::Draft;
use crate::state::{Command, Proposal, Refusal, Reply, RequestId, State};

use super::credentials::Credentials;
use super::health::Health;
use super::{Caller, Fault, Hasher};

/// What the service is made of.
pub struct Parts {
    /// The way to the log.
    pub proposer: Proposer,
    /// The way to the state.
    pub reads: Reads,
    /// This node's part in its cluster.
    pub cluster: Cluster,
    /// What Raft does, in numbers.
    pub gauges: Gauges,
    /// What only grows, on disk.
    pub ledgers: Arc<dyn LedgerReader>,
    /// The password pool.
    pub hasher: Hasher,
    /// What the operator set.
    pub config: Arc<Config>,
    /// The XMPP domain.
    pub domain: Domain,
    /// Host name of this node, for the audit log.
    pub host: String,
    /// This node's id, for its life.
    pub node: Uuid,
}

/// The service: everything one can do, from this node.
pub struct Hearth {
    /// What it is made of.
    pub parts: Parts,
    /// Stored properties as they were at the start, to tell which changes wait for a restart.
    pub at_start: Arc<State>,
    /// Credentials that verified lately.
    pub credentials: Credentials,
    /// Whose word about a client's address is taken.
    pub forwarding: Forwarding,
    /// Whether this node lives and is ready.
    pub health: Health,
}

/// What the audit log is to say about an act (system.md §8.1).
#[derive(Clone, Debug, Default)]
pub struct Saying {
    /// What is done.
    pub summary: String,
    /// More about it.
    pub details: Option<String>,
}

impl Saying {
    /// Just the summary.
    pub fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), details: None }
    }

    /// With details.
    pub fn with(summary: impl Into<String>, details: impl Into<String>) -> Self {
        Self { summary: summary.into(), details: Some(details.into()) }
    }
}

impl Hearth {
    /// Puts the service together.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the operating system gives no randomness.
    pub fn new(parts: Parts) -> Result<Self, Fault> {
        let at_start = parts.reads.local();
        let forwarding = parts.config.proxies.forwarding();
        let credentials = Credentials::new(&parts.config.hashing).map_err(|e| Fault::Internal(e.to_string()))?;
        Ok(Self { credentials, forwarding, at_start, parts, health: Health::default() })
    }

    /// The XMPP domain.
    pub fn domain(&self) -> &Domain {
        &self.parts.domain
    }

    /// What the operator set.
    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    /// The state of this node as it is.
    pub fn local(&self) -> Arc<State> {
        self.parts.reads.local()
    }

    /// A state that contains every write acknowledged so far.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn read(&self) -> Result<Arc<State>, Fault> {
        Ok(self.parts.reads.linearizable().await?)
    }

    /// An input that was checked, where the state has the first word: if the input is bad, `first` is asked of the state, and
    /// what it refuses is told instead.
    ///
    /// # Errors
    /// As said; or the cluster cannot answer.
    pub async fn after<T>(&self, checked: Result<T, Fault>, first: impl FnOnce(&State) -> Result<(), Refusal>) -> Result<T, Fault> {
        if matches!(checked, Err(Fault::Invalid(_))) {
            first(&*self.read().await?)?;
        }
        checked
    }

    /// Proposes `command` on behalf of `caller`, with its audit entry, and answers once it is applied here.
    ///
    /// # Errors
    /// A refusal of the state, or the cluster cannot answer.
    pub async fn act(&self, caller: &Caller, saying: Saying, command: Command) -> Result<Reply, Fault> {
        let details = format!("via {} from {}", caller.door, caller.address);
        let details = saying.details.map_or_else(|| details.clone(), |more| format!("{more}\n{details}"));
        let audit = Draft { username: caller.name.clone(), node: self.parts.host.clone(), summary: saying.summary, details: Some(details) };
        self.propose(caller.key, Some(audit), command).await
    }

    /// Proposes `command` on behalf of the node itself, without an audit entry.
    ///
    /// # Errors
    /// A refusal of the state, or the cluster cannot answer.
    pub async fn act_alone(&self, command: Command) -> Result<Reply, Fault> {
        self.propose(None, None, command).await
    }

    async fn propose(&self, key: Option<super::Key>, audit: Option<Draft>, command: Command) -> Result<Reply, Fault> {
        // In the order of time, so that what is remembered by id changes at its two ends and not all over.
        let (id, fingerprint) = key.map_or_else(|| (Uuid::now_v7(), None), |key| (key.id, Some(key.fingerprint)));
        let proposal = Proposal { id: RequestId(id), fingerprint, at: Timestamp::now(), domain: self.domain().clone(), audit, command };
        Ok(self.parts.proposer.propose(proposal).await??)
    }
}
