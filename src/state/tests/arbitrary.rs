//! Random proposals from a few names, so that they meet.

use proptest::prelude::*;
use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::jid::{Domain, Localpart};
use crate::base::secrets::Verifier;
use crate::state::audit::Draft;
use crate::state::{Command, Proposal, RequestId, groups, lockouts, messages, nodes, properties, rooms, rosters, services, sessions, users, vcards};

/// A name that is known to be legal.
pub fn name(text: &str) -> Localpart {
    Localpart::parse(text).unwrap()
}

/// One of four accounts.
pub fn names() -> impl Strategy<Value = Localpart> {
    prop::sample::select(vec!["ann", "bob", "cid", "dee"]).prop_map(name)
}

/// A proposal of `command`, with an id of its own.
pub fn command(command: Command) -> Proposal {
    with_id(command, 0, false)
}

fn with_id(command: Command, id: u128, audited: bool) -> Proposal {
    let draft = Draft { username: "root".into(), node: "n1".into(), summary: format!("act {id}"), details: None };
    Proposal {
        id: RequestId(Uuid::from_u128(id)),
        fingerprint: None,
        at: Timestamp(1_700_000_000_000),
        domain: Domain::parse("example.org").unwrap(),
        audit: audited.then_some(draft),
        command,
    }
}

/// A random command of any noun.
pub fn any_command() -> BoxedStrategy<Command> {
    prop_oneof![
        4 => user().prop_map(Command::Users),
        1 => lockout().prop_map(Command::Lockouts),
        1 => admins().prop_map(Command::Properties),
        1 => properties::arbitrary::command().prop_map(Command::Properties),
        2 => groups::arbitrary::command().prop_map(Command::Groups),
        2 => rosters::arbitrary::command().prop_map(Command::Rosters),
        1 => vcards::arbitrary::command().prop_map(Command::Vcards),
        1 => services::arbitrary::command().prop_map(Command::Services),
        4 => rooms::arbitrary::command().prop_map(Command::Rooms),
        2 => sessions::arbitrary::command().prop_map(Command::Sessions),
        1 => messages::arbitrary::command().prop_map(Command::Messages),
        1 => nodes::arbitrary::command().prop_map(Command::Nodes),
    ]
    .boxed()
}

/// Runs as often as `cases` says and keeps no files about failures: the seed is in the message.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// A random proposal.
pub fn proposal() -> impl Strategy<Value = Proposal> {
    (any_command(), any::<u128>(), any::<bool>()).prop_map(|(command, id, audited)| with_id(command, id, audited))
}

/// Up to `most` random proposals, each an act of its own.
pub fn proposals(most: usize) -> impl Strategy<Value = Vec<Proposal>> {
    prop::collection::vec(proposal(), 0..most)
}

fn text() -> impl Strategy<Value = Option<Box<str>>> {
    prop::option::of("[a-z]{0,3}".prop_map(Into::into))
}

fn some_properties() -> impl Strategy<Value = Vec<users::Property>> {
    prop::collection::vec(("[ab]", "[a-z]{0,2}"), 0..3)
}

fn verifier() -> impl Strategy<Value = Verifier> {
    Just(Verifier::nobody())
}

/// Creates an account without anything.
pub fn create(username: &str) -> Command {
    let new = users::NewUser {
        username: name(username),
        given: username.into(),
        name: None,
        email: None,
        verifier: Verifier::nobody(),
        properties: Vec::new(),
    };
    Command::Users(users::Command::Create(vec![new]))
}

fn new_user() -> impl Strategy<Value = users::NewUser> {
    (names(), text(), text(), verifier(), some_properties()).prop_map(|(username, name, email, verifier, properties)| users::NewUser {
        given: username.to_string(),
        username,
        name,
        email,
        verifier,
        properties,
    })
}

fn changes() -> impl Strategy<Value = users::Changes> {
    let parts = (prop::option::of(verifier()), prop::option::of(text()), prop::option::of(text()), prop::option::of(some_properties()));
    parts.prop_map(|(verifier, name, email, properties)| users::Changes { verifier, name, email, properties })
}

fn user() -> impl Strategy<Value = users::Command> {
    prop_oneof![
        3 => prop::collection::vec(new_user(), 1..3).prop_map(|mut new| {
            new.dedup_by(|a, b| a.username == b.username);
            users::Command::Create(new)
        }),
        1 => (names(), changes()).prop_map(|(username, changes)| users::Command::Update { username, changes }),
        1 => (names(), names(), changes())
            .prop_map(|(from, to, changes)| users::Command::Rename { given: to.to_string(), from, to, changes }),
        1 => names().prop_map(users::Command::Delete),
    ]
}

fn lockout() -> impl Strategy<Value = lockouts::Command> {
    prop_oneof![names().prop_map(lockouts::Command::Lock), names().prop_map(lockouts::Command::Unlock)]
}

/// Who administers: what other nouns' deletions and renamings reach.
fn admins() -> impl Strategy<Value = properties::Command> {
    let value = prop::sample::select(vec!["", "ann@example.org", "ann@example.org,bob@example.org"]);
    value.prop_map(|value| properties::Command::Set { key: properties::ADMINS.into(), value: value.into() })
}
