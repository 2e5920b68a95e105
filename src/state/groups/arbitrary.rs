//! Random commands for groups, from a few names, so that they meet.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::base::jid::BareJid;

use super::{Command, Shape};

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["Crew", "Drivers", "Night Shift"]).prop_map(String::from)
}

fn jid() -> impl Strategy<Value = BareJid> {
    let jids = ["ann@example.org", "bob@example.org", "cyd@example.org", "ann@elsewhere.org"];
    prop::sample::select(jids.to_vec()).prop_filter_map("a JID", |text| BareJid::parse(text).ok())
}

fn shape() -> impl Strategy<Value = Shape> {
    let description = option::of("[a-z]{0,3}".prop_map(Box::from));
    let people = || option::of(vec(jid(), 0..4));
    (description, any::<bool>(), people(), people()).prop_map(|(description, shared, admins, members)| Shape { description, shared, admins, members })
}

/// Any command.
pub fn command() -> BoxedStrategy<Command> {
    let groups = || vec(name(), 0..3);
    prop_oneof![
        (name(), shape()).prop_map(|(name, shape)| Command::Create { name, shape }),
        (name(), shape()).prop_map(|(name, shape)| Command::Update { name, shape }),
        name().prop_map(Command::Delete),
        (jid(), groups()).prop_map(|(jid, groups)| Command::Join { jid, groups }),
        (jid(), groups()).prop_map(|(jid, groups)| Command::Leave { jid, groups }),
        (jid(), groups()).prop_map(|(jid, groups)| Command::JoinOnly { jid, groups }),
    ]
    .boxed()
}
