//! Random commands for contact lists, from a few names, so that they meet.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::base::jid::BareJid;

use super::{Command, Contact, Subscription};

fn jid(jids: &[&'static str]) -> impl Strategy<Value = BareJid> + use<> {
    prop::sample::select(jids.to_vec()).prop_filter_map("a JID", |text| BareJid::parse(text).ok())
}

fn owner() -> impl Strategy<Value = BareJid> {
    jid(&["ann@example.org", "bob@example.org", "cyd@example.org"])
}

fn contact() -> impl Strategy<Value = BareJid> {
    jid(&["ann@example.org", "bob@example.org", "cyd@example.org", "ann@elsewhere.org"])
}

fn nickname() -> impl Strategy<Value = Option<Box<str>>> {
    option::of(prop::sample::select(vec!["", "Tobi"]).prop_map(Box::from))
}

fn groups() -> impl Strategy<Value = Vec<Box<str>>> {
    vec(prop::sample::select(vec!["Crew", "Drivers", "Friends"]).prop_map(Box::from), 0..3)
}

fn subscription() -> impl Strategy<Value = Subscription> {
    (any::<bool>(), any::<bool>()).prop_map(|(sees, is_seen)| Subscription::of(sees, is_seen))
}

/// Any command.
pub fn command() -> BoxedStrategy<Command> {
    let entry = (nickname(), groups(), subscription());
    let entry = entry.prop_map(|(nickname, groups, subscription)| Contact { nickname, groups: groups.into(), subscription });
    let change = (nickname(), option::of(groups()), subscription(), any::<bool>());
    prop_oneof![
        (owner(), contact(), entry).prop_map(|(owner, contact, entry)| Command::Add { owner, contact, entry }),
        (owner(), contact(), change).prop_map(|(owner, contact, (nickname, groups, subscription, replace))| Command::Update {
            owner,
            contact,
            nickname,
            groups,
            subscription,
            replace
        }),
        (owner(), contact()).prop_map(|(owner, contact)| Command::Remove { owner, contact }),
    ]
    .boxed()
}
