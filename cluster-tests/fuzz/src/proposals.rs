//! Log entries: what is read can be written and read again; applying anything readable never panics, and a state restored from
//! its records is the same state.

use std::path::Path;

use hearth::base::clock::Timestamp;
use hearth::base::jid::{BareJid, Domain, Localpart};
use hearth::base::secrets::Verifier;
use hearth::state::{Command, Logged, Proposal, RequestId};
use hearth::state::{State, audit, groups, lockouts, properties, users};
use uuid::Uuid;

/// A list of entries, each behind its length in two bytes.
pub fn any(mut bytes: &[u8]) {
    let mut state = State::default();
    let mut index = 0;
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (entry, rest) = rest.split_at(length);
        bytes = rest;
        let Ok(logged) = Logged::decode(entry) else { continue };
        let again = logged.encode(2).expect("what was read can be written");
        assert_eq!(Logged::decode(&again).map(|again| again.proposal).as_ref(), Ok(&logged.proposal));
        index += 1;
        let _ = state.apply(index, logged);
    }
    let mut restored = State { index, ..State::default() };
    for (noun, record) in state.records() {
        restored.restore(noun, &record).expect("what was written can be read");
    }
    assert_eq!(restored.checksum(), state.checksum());
}

/// Writes first inputs.
pub fn seeds(folder: &Path) {
    let name = |text: &str| Localpart::parse(text).expect("a name");
    let domain = Domain::parse("example.org").expect("a domain");
    let user = |text: &str| users::NewUser {
        username: name(text),
        given: text.to_owned(),
        name: Some(text.into()),
        email: None,
        verifier: Verifier::derive("x", [0; 16], 1),
        properties: vec![("key".into(), "value".into())],
    };
    let commands = [
        Command::Users(users::Command::Create(vec![user("ann"), user("bob")])),
        Command::Users(users::Command::Rename { from: name("ann"), to: name("eve"), given: "eve".into(), changes: users::Changes::default() }),
        Command::Users(users::Command::Delete(name("bob"))),
        Command::Lockouts(lockouts::Command::Lock(name("ann"))),
        Command::Groups(groups::Command::Join { jid: BareJid::new(Some(&name("ann")), &domain), groups: vec!["crew".into()] }),
        Command::Groups(groups::Command::Delete("crew".into())),
        Command::Properties(properties::Command::Set { key: "a".into(), value: "b".into() }),
    ];
    let entries = commands.into_iter().enumerate().map(|(n, command)| {
        let draft = audit::Draft { username: "admin".into(), node: "n".into(), summary: "s".into(), details: None };
        let id = RequestId(Uuid::from_u128(n as u128));
        let proposal = Proposal { id, fingerprint: None, at: Timestamp::from_seconds(n as i64), domain: domain.clone(), audit: Some(draft), command };
        let bytes = Logged::from(proposal).encode(1).expect("a proposal can be written");
        let length = u16::try_from(bytes.len()).expect("a short entry");
        [&length.to_be_bytes()[..], &bytes].concat()
    });
    let entries: Vec<Vec<u8>> = entries.collect();
    for (n, entry) in entries.iter().chain([&entries.concat()]).enumerate() {
        std::fs::write(folder.join(format!("seed-{n}")), entry).expect("a seed is written");
    }
}
