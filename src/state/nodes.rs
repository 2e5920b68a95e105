//! The members of the cluster, in order of joining (no clock decides anything).
//!
//! Every start of a process is announced; the log index of the announcement is the node's incarnation and its place in line.

use std::net::IpAddr;
use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::clock::Timestamp;

use super::bytes::{self, BadBytes};
use super::{Answer, Context, Done, Effect, Event, Facts, Noun, NounId, Question, Refusal, Reply};

/// The most members.
pub const MEMBERS: usize = 256;

/// A live member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id, for ever.
    pub node: Uuid,
    /// Which of its lives this is: the log index at which it began.
    pub incarnation: u64,
    /// Its host name.
    pub host: String,
    /// Its address, if it has told.
    pub address: Option<IpAddr>,
    /// When it joined.
    pub joined: Timestamp,
}

/// What can be done to members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// A process of this node has started; the answer is its incarnation ([`Reply::Number`]).
    Up {
        /// Which node.
        node: Uuid,
        /// Its host name.
        host: String,
        /// Its address.
        address: Option<IpAddr>,
    },
    /// A life of this node has ended. Nothing happens when it has begun another one.
    Down {
        /// Which node.
        node: Uuid,
        /// Which life.
        incarnation: u64,
    },
    /// Keep the state of this index, so that it can be compared between nodes. Since format 2.
    Mark,
    /// Every member reads this format: write it from now on. A lower one than now changes nothing. Since format 2.
    Raise(u8),
}

/// The live members.
#[derive(Clone, Debug, Default)]
pub struct Nodes {
    by_incarnation: OrdMap<u64, Arc<Member>>,
    /// Derived.
    incarnation: OrdMap<Uuid, u64>,
    format: Format,
}

/// The format that is written. In snapshots it is a record of version 2, and none while it is 1: who reads only version 1
/// then reads the whole snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Format(u8);

impl Default for Format {
    fn default() -> Self {
        Self(bytes::OLDEST)
    }
}

impl Nodes {
    /// The format of what is proposed: the newest that every member reads.
    pub fn format(&self) -> u8 {
        self.format.0
    }

    /// The member with this id.
    pub fn get(&self, node: Uuid) -> Option<&Arc<Member>> {
        self.by_incarnation.get(self.incarnation.get(&node)?)
    }

    /// Whether the node is in this life.
    pub fn is_up(&self, node: Uuid, incarnation: u64) -> bool {
        self.incarnation.get(&node) == Some(&incarnation)
    }

    /// All members, the senior first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.by_incarnation.values()
    }

    /// The member that has been here longest.
    pub fn senior(&self) -> Option<&Arc<Member>> {
        self.by_incarnation.get_min().map(|(_, member)| member)
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.by_incarnation.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_incarnation.is_empty()
    }

    fn put(&mut self, member: Member) {
        self.incarnation.insert(member.node, member.incarnation);
        self.by_incarnation.insert(member.incarnation, Arc::new(member));
    }

    fn up(&mut self, cx: &Context, node: Uuid, host: String, address: Option<IpAddr>) -> Result<Done, Refusal> {
        let old = self.incarnation.get(&node).copied();
        if old.is_none() && self.len() >= MEMBERS {
            return Err(Refusal::TooManyNodes);
        }
        let mut done = old.map_or_else(Done::default, |incarnation| self.gone(node, incarnation));
        self.put(Member { node, incarnation: cx.index, host, address, joined: cx.at });
        done.events.push(Event::NodeUp { node, incarnation: cx.index });
        Ok(Done { reply: Some(Reply::Number(cx.index)), ..done })
    }

    fn down(&mut self, node: Uuid, incarnation: u64) -> Done {
        if !self.is_up(node, incarnation) {
            return Done::default();
        }
        self.gone(node, incarnation)
    }

    fn gone(&mut self, node: Uuid, incarnation: u64) -> Done {
        self.incarnation.remove(&node);
        self.by_incarnation.remove(&incarnation);
        Done { events: vec![Event::NodeDown { node, incarnation }], ..Done::with_effect(Effect::NodeGone { node, incarnation }) }
    }
}

impl Noun for Nodes {
    const ID: NounId = NounId::Nodes;
    type Command = Command;

    fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::NodeUp { node, incarnation } if self.is_up(*node, *incarnation) => Answer::Yes,
            _ => Answer::No,
        }
    }

    fn decide(&mut self, cx: &Context, command: Command, _: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Up { node, host, address } => self.up(cx, node, host, address),
            Command::Down { node, incarnation } => Ok(self.down(node, incarnation)),
            Command::Mark => Ok(Done { events: vec![Event::Marked], ..Done::default() }),
            Command::Raise(format) => {
                self.format = Format(self.format.0.max(format));
                Ok(Done::default())
            }
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        let format = (self.format != Format::default()).then(|| bytes::encode_as(2, &self.format.0).unwrap_or_default());
        Box::new(format.into_iter().chain(self.iter().map(|member| bytes::record(member.as_ref()))))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        match bytes::split(record)? {
            (2, format) => self.format = Format(bytes::whole(format)?),
            _ => self.put(bytes::decode(record)?),
        }
        Ok(())
    }
}

/// Commands that collide.
#[cfg(test)]
pub mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    /// Two nodes and a few lives.
    pub fn command() -> BoxedStrategy<Command> {
        let node = || (0..2u128).prop_map(Uuid::from_u128);
        prop_oneof![
            node().prop_map(|node| Command::Up { node, host: "host".into(), address: None }),
            (node(), 1..12u64).prop_map(|(node, incarnation)| Command::Down { node, incarnation }),
            Just(Command::Mark),
            (1..3u8).prop_map(Command::Raise),
        ]
        .boxed()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::jid::Domain;

    fn at(index: u64) -> Context {
        let at = Timestamp(i64::try_from(index).unwrap() * 1000);
        Context { index, at, domain: Domain::parse("example.org").unwrap() }
    }

    fn up(nodes: &mut Nodes, index: u64, node: u128) -> Done {
        nodes.decide(&at(index), Command::Up { node: Uuid::from_u128(node), host: format!("h{node}"), address: None }, &Facts::default()).unwrap()
    }

    fn order(nodes: &Nodes) -> Vec<u128> {
        nodes.iter().map(|member| member.node.as_u128()).collect()
    }

    #[test]
    fn who_came_back_is_the_youngest() {
        let mut nodes = Nodes::default();
        for (index, node) in [(5, 1), (6, 2), (9, 3)] {
            assert_eq!(up(&mut nodes, index, node).reply, Some(Reply::Number(index)));
        }
        assert_eq!(order(&nodes), [1, 2, 3]);
        let back = up(&mut nodes, 12, 1);
        assert_eq!(back.effects, [Effect::NodeGone { node: Uuid::from_u128(1), incarnation: 5 }]);
        assert_eq!(order(&nodes), [2, 3, 1]);
        assert_eq!(nodes.senior().unwrap().node.as_u128(), 2);
        assert_eq!(nodes.get(Uuid::from_u128(1)).unwrap().joined, Timestamp(12_000));
    }

    #[test]
    fn an_end_of_an_earlier_life_is_nothing() {
        let mut nodes = Nodes::default();
        up(&mut nodes, 5, 1);
        up(&mut nodes, 8, 1);
        let down = |incarnation| Command::Down { node: Uuid::from_u128(1), incarnation };
        let late = nodes.decide(&at(9), down(5), &Facts::default()).unwrap();
        assert!(late.effects.is_empty() && late.events.is_empty());
        assert!(nodes.is_up(Uuid::from_u128(1), 8));
        let now = nodes.decide(&at(10), down(8), &Facts::default()).unwrap();
        assert_eq!(now.effects, [Effect::NodeGone { node: Uuid::from_u128(1), incarnation: 8 }]);
        assert!(nodes.is_empty());
    }

    #[test]
    fn there_is_a_most_and_a_return_is_within_it() {
        let mut nodes = Nodes::default();
        for node in 0..MEMBERS as u64 {
            up(&mut nodes, node + 1, u128::from(node));
        }
        let one_more = Command::Up { node: Uuid::from_u128(9999), host: String::new(), address: None };
        assert_eq!(nodes.decide(&at(1000), one_more, &Facts::default()).unwrap_err(), Refusal::TooManyNodes);
        up(&mut nodes, 1001, 0);
        assert_eq!(nodes.len(), MEMBERS);
    }

    #[test]
    fn records_bring_everything_back() {
        let mut nodes = Nodes::default();
        up(&mut nodes, 5, 2);
        up(&mut nodes, 6, 1);
        assert!(nodes.records().all(|record| record[0] == 1), "who reads only format 1 reads all of it");
        nodes.decide(&at(7), Command::Raise(2), &Facts::default()).unwrap();
        nodes.decide(&at(8), Command::Raise(1), &Facts::default()).unwrap();
        let mut back = Nodes::default();
        for record in nodes.records() {
            back.restore(&record).unwrap();
        }
        assert!(back.records().eq(nodes.records()));
        assert!(back.is_up(Uuid::from_u128(1), 6));
        assert_eq!(back.format(), 2);
    }
}
