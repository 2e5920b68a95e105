#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::base::jid::Domain;
use crate::base::secrets::Verifier;
use crate::state::{Applied, Command as Any, Proposal, RequestId, State, lockouts, nodes, users};

const NODE: Uuid = Uuid::from_u128(7);

/// A state with a node and the accounts `ann` and `bob`.
struct World(State);

impl World {
    fn new() -> Self {
        let mut world = Self(State::default());
        world.node(NODE);
        for name in ["ann", "bob"] {
            let user = users::NewUser {
                username: local(name),
                given: name.into(),
                name: None,
                email: None,
                verifier: Verifier::derive("", [0; 16], 1),
                properties: Vec::new(),
            };
            world.apply(Any::Users(users::Command::Create(vec![user]))).outcome.unwrap();
        }
        world
    }

    fn apply(&mut self, command: Any) -> Applied {
        let index = self.0.index + 1;
        let at = Timestamp(i64::try_from(index).unwrap() * 1000);
        let (id, domain) = (RequestId(Uuid::from_u128(index.into())), Domain::parse("example.org").unwrap());
        self.0.apply(index, Proposal { id, fingerprint: None, at, domain, audit: None, command })
    }

    fn node(&mut self, node: Uuid) -> u64 {
        let up = nodes::Command::Up { node, host: "here".into(), address: None };
        number(self.apply(Any::Nodes(up)).outcome)
    }

    fn new_session(&self, text: &str) -> NewSession {
        let incarnation = self.0.nodes.get(NODE).unwrap().incarnation;
        NewSession { jid: jid(text), node: NODE, incarnation, address: None, secure: true, anonymous: false, replace: false }
    }

    fn open(&mut self, text: &str) -> u64 {
        let new = self.new_session(text);
        number(self.act(Command::Open(new)).outcome)
    }

    fn act(&mut self, command: Command) -> Applied {
        self.apply(Any::Sessions(command))
    }

    fn jids(&self) -> Vec<String> {
        self.0.sessions.iter().map(|session| session.jid.to_string()).collect()
    }
}

fn number(outcome: Result<Reply, Refusal>) -> u64 {
    match outcome {
        Ok(Reply::Number(number)) => number,
        other => panic!("{other:?}"),
    }
}

fn local(name: &str) -> Localpart {
    Localpart::parse(name).unwrap()
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

fn endings(applied: &Applied) -> Vec<(String, Ending)> {
    let ended = |event: &Event| match event {
        Event::SessionEnded { session, why } => Some((session.jid.to_string(), *why)),
        _ => None,
    };
    applied.events.iter().filter_map(ended).collect()
}

#[test]
fn a_session_begins_and_ends() {
    let mut world = World::new();
    let serial = world.open("ann@example.org/phone");
    let session = world.0.sessions.get(&jid("ann@example.org/phone")).unwrap();
    assert_eq!((session.serial, session.opened, session.active), (serial, Timestamp(4000), Timestamp(4000)));
    assert_eq!((world.0.sessions.len(), world.0.sessions.len_on(NODE)), (1, 1));
    let stale = world.act(Command::Close { jid: jid("ann@example.org/phone"), serial: serial - 1 });
    assert!(stale.events.is_empty());
    let closed = world.act(Command::Close { jid: jid("ann@example.org/phone"), serial });
    assert_eq!(endings(&closed), [("ann@example.org/phone".into(), Ending::Closed)]);
    assert!(world.0.sessions.is_empty());
    assert_eq!((world.0.sessions.len(), world.0.sessions.len_on(NODE)), (0, 0));
}

#[test]
fn who_may_not_open_a_session_is_told_why() {
    let mut world = World::new();
    world.open("ann@example.org/phone");
    world.apply(Any::Lockouts(lockouts::Command::Lock(local("bob")))).outcome.unwrap();
    let good = world.new_session("ann@example.org/pad");
    let other = |text: &str| NewSession { jid: jid(text), ..good.clone() };
    let cases = [
        (other("ann@elsewhere.org/pad"), Refusal::NotASession("ann@elsewhere.org/pad".into())),
        (other("example.org/pad"), Refusal::NotASession("example.org/pad".into())),
        (other("ann@example.org"), Refusal::NotASession("ann@example.org".into())),
        (other("eve@example.org/pad"), Refusal::UserNotFound("eve".into())),
        (other("bob@example.org/pad"), Refusal::UserLocked("bob".into())),
        (other("ann@example.org/phone"), Refusal::SessionExists("ann@example.org/phone".into())),
        (NewSession { incarnation: 99, ..good.clone() }, Refusal::NodeNotUp(NODE.to_string())),
        (NewSession { node: Uuid::nil(), ..good.clone() }, Refusal::NodeNotUp(Uuid::nil().to_string())),
    ];
    for (new, refusal) in cases {
        assert_eq!(world.act(Command::Open(new)).outcome, Err(refusal));
    }
    let anonymous = NewSession { anonymous: true, ..other("a1b2@example.org/a1b2") };
    assert!(world.act(Command::Open(anonymous)).outcome.is_ok());
}

#[test]
fn a_newer_session_takes_the_place_of_an_older_one() {
    let mut world = World::new();
    let first = world.open("ann@example.org/phone");
    let again = NewSession { replace: true, ..world.new_session("ann@example.org/phone") };
    let opened = world.act(Command::Open(again));
    assert_eq!(endings(&opened), [("ann@example.org/phone".into(), Ending::Conflict)]);
    let second = number(opened.outcome);
    assert_ne!(first, second);
    assert_eq!(world.0.sessions.len(), 1);
    let late = world.act(Command::Presence { jid: jid("ann@example.org/phone"), serial: first, presence: Presence::default() });
    assert_eq!(late.outcome, Err(Refusal::SessionNotFound("ann@example.org/phone".into())));
}

#[test]
fn presence_is_kept_within_bounds() {
    let mut world = World::new();
    let serial = world.open("ann@example.org/phone");
    let presence = Presence { available: true, show: Show::Dnd, status: Some("ä".repeat(STATUS_MAX + 5).into()), priority: -5 };
    world.act(Command::Presence { jid: jid("ann@example.org/phone"), serial, presence }).outcome.unwrap();
    let kept = &world.0.sessions.get(&jid("ann@example.org/phone")).unwrap().presence;
    assert_eq!((kept.available, kept.show, kept.priority), (true, Show::Dnd, -5));
    assert_eq!(kept.status.as_ref().unwrap().chars().count(), STATUS_MAX);
}

#[test]
fn time_only_goes_forward() {
    let mut world = World::new();
    let serial = world.open("ann@example.org/phone");
    let phone = jid("ann@example.org/phone");
    let touches =
        vec![(phone.clone(), serial, Timestamp(9000)), (phone.clone(), serial, Timestamp(8000)), (phone.clone(), serial + 1, Timestamp(99_000))];
    world.act(Command::Touch(touches)).outcome.unwrap();
    assert_eq!(world.0.sessions.get(&phone).unwrap().active, Timestamp(9000));
}

#[test]
fn kicking_ends_all_sessions_of_the_user_alone() {
    let mut world = World::new();
    for text in ["ann@example.org/pad", "ann@example.org/phone", "bob@example.org/pad"] {
        world.open(text);
    }
    let kicked = world.act(Command::Kick(local("ann")));
    assert_eq!(kicked.outcome, Ok(Reply::Count(2)));
    let ended = [("ann@example.org/pad".into(), Ending::NotAuthorized), ("ann@example.org/phone".into(), Ending::NotAuthorized)];
    assert_eq!(endings(&kicked), ended);
    assert_eq!(world.jids(), ["bob@example.org/pad"]);
    assert_eq!(world.act(Command::Kick(local("nobody"))).outcome, Ok(Reply::Count(0)));
}

#[test]
fn sessions_end_with_their_account() {
    let rename = users::Command::Rename { from: local("ann"), to: local("anna"), given: "anna".into(), changes: users::Changes::default() };
    let commands = [Any::Users(users::Command::Delete(local("ann"))), Any::Users(rename), Any::Lockouts(lockouts::Command::Lock(local("ann")))];
    for command in commands {
        let mut world = World::new();
        world.open("ann@example.org/pad");
        world.open("bob@example.org/pad");
        let applied = world.apply(command);
        assert_eq!(endings(&applied), [("ann@example.org/pad".into(), Ending::NotAuthorized)]);
        assert_eq!(world.jids(), ["bob@example.org/pad"]);
    }
}

#[test]
fn sessions_end_with_the_life_of_their_node() {
    let mut world = World::new();
    let other = Uuid::from_u128(8);
    let incarnation = world.node(other);
    world.open("ann@example.org/pad");
    let there = NewSession { node: other, incarnation, ..world.new_session("bob@example.org/pad") };
    world.act(Command::Open(there)).outcome.unwrap();
    let restarted = world.apply(Any::Nodes(nodes::Command::Up { node: NODE, host: "here".into(), address: None }));
    assert_eq!(endings(&restarted), [("ann@example.org/pad".into(), Ending::NodeGone)]);
    assert_eq!((world.0.sessions.len_on(NODE), world.0.sessions.len_on(other)), (0, 1));
    world.open("ann@example.org/pad");
    let down = world.apply(Any::Nodes(nodes::Command::Down { node: other, incarnation }));
    assert_eq!(endings(&down), [("bob@example.org/pad".into(), Ending::NodeGone)]);
    assert_eq!(world.jids(), ["ann@example.org/pad"]);
}

#[test]
fn a_user_has_a_most() {
    let mut world = World::new();
    for n in 0..PER_USER {
        world.open(&format!("ann@example.org/{n}"));
    }
    let new = world.new_session("ann@example.org/more");
    assert_eq!(world.act(Command::Open(new.clone())).outcome, Err(Refusal::TooManySessions("ann".into())));
    let replacing = NewSession { jid: jid("ann@example.org/0"), replace: true, ..new };
    assert!(world.act(Command::Open(replacing)).outcome.is_ok());
}

#[test]
fn a_broadcast_is_one_event_and_counts_its_listeners() {
    let mut world = World::new();
    world.open("ann@example.org/pad");
    world.open("bob@example.org/pad");
    let told = world.act(Command::Broadcast("hello".into()));
    assert_eq!(told.outcome, Ok(Reply::Count(2)));
    assert_eq!(told.events, [Event::Broadcast("hello".into())]);
}

#[test]
fn records_bring_everything_back() {
    let mut world = World::new();
    for text in ["bob@example.org/pad", "ann@example.org/pad", "ann@example.org/phone"] {
        world.open(text);
    }
    let mut back = Sessions::default();
    for record in world.0.sessions.records() {
        back.restore(&record).unwrap();
    }
    assert!(back.records().eq(world.0.sessions.records()));
    assert_eq!((back.len(), back.len_on(NODE)), (3, 3));
}

#[test]
fn one_session_leads_to_the_next() {
    let mut world = World::new();
    for text in ["bob@example.org/pad", "ann@example.org/pad", "ann@example.org/phone"] {
        world.open(text);
    }
    let (mut walked, mut at) = (Vec::new(), None);
    while let Some(session) = world.0.sessions.after(at.as_ref()) {
        walked.push(session.jid.to_string());
        at = Some(session.jid.clone());
    }
    assert_eq!(walked, world.jids());
    let gone = world.0.sessions.after(Some(&jid("ann@example.org/paz"))).unwrap();
    assert_eq!(gone.jid, jid("ann@example.org/phone"));
}
