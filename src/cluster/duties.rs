//! What the leader has to do for the cluster, decided from what it sees: who is down, who may vote, who should lead, which
//! format may be written. Pure: a look at the cluster goes in, at most one duty comes out, and it is looked again.

use std::time::Duration;

use uuid::Uuid;

use super::contacts::Contact;
use super::group::Change;
use crate::raft::NodeId;

/// The most voters.
pub const VOTERS: usize = 5;
/// A voter is never taken out by itself where fewer would stay.
pub const VOTERS_KEPT: usize = 3;
/// A learner votes once it lags by no more entries,
const LAG_TO_VOTE: u64 = 250;
/// and a senior leads once it lags by no more.
const LAG_TO_LEAD: u64 = 100;
/// A contact this old still shows that a node is well.
pub const WELL: Duration = Duration::from_secs(2);
/// After a transfer of leadership the next is tried after this long, then twice as long, and so on,
const TRANSFER_PAUSE: Duration = Duration::from_secs(30);
/// up to so often.
const TRANSFER_DOUBLINGS: u32 = 5;

/// A member as the leader sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its number.
    pub id: NodeId,
    /// Its UUID.
    pub uuid: Uuid,
    /// Where it is reached.
    pub at: Option<String>,
    /// Whether it votes.
    pub voter: bool,
    /// What was heard of it last.
    pub contact: Option<Contact>,
}

/// What the leader sees.
#[derive(Clone, Debug)]
pub struct Look {
    /// The time on the leader's own clock,
    pub now: Duration,
    /// and when it began to lead by it.
    pub leads_since: Duration,
    /// The leader.
    pub me: NodeId,
    /// All members.
    pub members: Vec<Seen>,
    /// Who is up, the senior first, each with its incarnation.
    pub up: Vec<(Uuid, u64)>,
    /// The last log index.
    pub last_log: u64,
    /// How far a change of the membership is.
    pub change: Change,
    /// The format that is written.
    pub format: u8,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Declare this life of a node over.
    Down {
        /// Which node.
        node: Uuid,
        /// Which life.
        incarnation: u64,
    },
    /// Bring a change of the membership that is half way to its end.
    Finish,
    /// Let this learner vote.
    Promote(NodeId),
    /// Let this learner vote in place of a node that is down and whose address it has: that node has lost its data.
    Replace {
        /// Who is down.
        old: NodeId,
        /// Who votes instead.
        new: NodeId,
    },
    /// Take this node out.
    Remove(NodeId),
    /// Write this format from now on.
    Raise(u8),
    /// Hand leadership to this node, the senior.
    Transfer(NodeId),
}

/// How patient the leader is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// See [`crate::config::Cluster::down_after_ms`].
    pub down: Duration,
    /// See [`crate::config::Cluster::transfer_after_ms`].
    pub transfer: Duration,
    /// See [`crate::config::Cluster::remove_after_s`]; `None` is never.
    pub remove: Option<Duration>,
}

/// Decides what is to be done. Remembers how long the senior has been well, and when a transfer was tried.
#[derive(Debug)]
pub struct Duties {
    patience: Patience,
    well: Option<(Uuid, Duration)>,
    tried: Option<(Duration, u32)>,
}

impl Look {
    fn silence(&self, member: &Seen) -> Duration {
        let heard = member.contact.as_ref().map_or(self.leads_since, |contact| contact.at.max(self.leads_since));
        if member.id == self.me { Duration::ZERO } else { self.now.saturating_sub(heard) }
    }

    fn is_well(&self, member: &Seen, lag: u64) -> bool {
        let recent = |contact: &Contact| contact.at > self.leads_since && self.now.saturating_sub(contact.at) <= WELL;
        self.is_up(member) && member.contact.as_ref().is_some_and(|contact| recent(contact) && self.last_log.saturating_sub(contact.applied) <= lag)
    }

    fn is_up(&self, member: &Seen) -> bool {
        self.up.iter().any(|(node, _)| *node == member.uuid)
    }

    /// The node that had the address of this one before. It has lost its data, and is down or will be.
    fn before(&self, learner: &Seen) -> Option<&Seen> {
        self.members.iter().find(|member| member.id != learner.id && member.at.is_some() && member.at == learner.at)
    }

    /// What is to become of the node that had the address of this learner before, once it is down.
    fn succeeds(&self, learner: &Seen) -> Option<Duty> {
        let old = self.before(learner).filter(|old| !self.is_up(old))?;
        Some(if old.voter { Duty::Replace { old: old.id, new: learner.id } } else { Duty::Remove(old.id) })
    }

    fn is_changing(&self) -> bool {
        self.change != Change::None
    }

    fn voters(&self) -> usize {
        self.members.iter().filter(|member| member.voter).count()
    }
}

impl Duties {
    /// Nothing seen yet.
    pub fn new(patience: Patience) -> Self {
        Self { patience, well: None, tried: None }
    }

    /// What is to be done first.
    pub fn due(&mut self, look: &Look) -> Option<Duty> {
        self.down(look)
            .or_else(|| finish(look))
            .or_else(|| self.promote(look))
            .or_else(|| self.remove(look))
            .or_else(|| raise(look))
            .or_else(|| self.transfer(look))
    }

    /// Who was up and has been silent for too long, or is no member any more.
    fn down(&self, look: &Look) -> Option<Duty> {
        let is_gone = |node: &Uuid| match look.members.iter().find(|member| member.uuid == *node) {
            Some(member) => look.silence(member) > self.patience.down,
            None => look.now.saturating_sub(look.leads_since) > self.patience.down,
        };
        look.up.iter().find(|(node, _)| is_gone(node)).map(|(node, incarnation)| Duty::Down { node: *node, incarnation: *incarnation })
    }

    fn promote(&self, look: &Look) -> Option<Duty> {
        let well = |member: &&Seen| !member.voter && look.is_well(member, LAG_TO_VOTE);
        let learners: Vec<&Seen> = look.members.iter().filter(well).filter(|_| !look.is_changing()).collect();
        learners.iter().find_map(|learner| look.succeeds(learner)).or_else(|| {
            let next = learners.iter().find(|learner| look.before(learner).is_none()).filter(|_| look.voters() < VOTERS)?;
            Some(Duty::Promote(next.id))
        })
    }

    fn remove(&self, look: &Look) -> Option<Duty> {
        let limit = self.patience.remove.filter(|_| !look.is_changing())?;
        let may = |member: &&Seen| look.silence(member) > limit && (!member.voter || look.voters() > VOTERS_KEPT);
        look.members.iter().find(may).map(|member| Duty::Remove(member.id))
    }

    /// Leadership follows the senior, once it has been well for a while, unless it is about to stop. Nothing depends on it but who does these duties.
    fn transfer(&mut self, look: &Look) -> Option<Duty> {
        let (node, _) = look.up.first()?;
        let senior = look.members.iter().find(|member| member.uuid == *node)?;
        if senior.id == look.me {
            (self.well, self.tried) = (None, None);
            return None;
        }
        let is_draining = senior.contact.as_ref().is_some_and(|contact| contact.draining);
        if look.is_changing() || !senior.voter || is_draining || !look.is_well(senior, LAG_TO_LEAD) {
            self.well = None;
            return None;
        }
        let since = self.well.filter(|(well, since)| well == node && *since >= look.leads_since).map_or(look.now, |(_, since)| since);
        self.well = Some((*node, since));
        let patient = look.now.saturating_sub(since) >= self.patience.transfer;
        let pause = |(at, times): (Duration, u32)| look.now.saturating_sub(at) >= TRANSFER_PAUSE * 2_u32.pow(times.min(TRANSFER_DOUBLINGS));
        if !patient || !self.tried.is_none_or(pause) {
            return None;
        }
        self.tried = Some((look.now, self.tried.map_or(0, |(_, times)| times + 1)));
        Some(Duty::Transfer(senior.id))
    }
}

/// Until it is at its end a change needs the agreement of two majorities, and no other one may begin.
fn finish(look: &Look) -> Option<Duty> {
    (look.change == Change::HalfWay).then_some(Duty::Finish)
}

/// The newest format that every member reads, once all of them have said so to this leader.
fn raise(look: &Look) -> Option<Duty> {
    let newest = look.members.iter().map(|member| {
        let said = member.contact.as_ref().filter(|contact| contact.at >= look.leads_since);
        said.map(|contact| contact.formats.1)
    });
    let common = newest.collect::<Option<Vec<u8>>>()?.into_iter().min()?;
    (common > look.format).then_some(Duty::Raise(common))
}

#[cfg(test)]
mod tests;
