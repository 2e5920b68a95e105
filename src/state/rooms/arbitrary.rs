//! Commands that collide.

use proptest::option;
use proptest::prelude::*;

use super::*;

const USERS: [&str; 4] = ["ann", "bob", "cid", "admin"];

fn user() -> impl Strategy<Value = BareJid> {
    prop::sample::select(USERS.to_vec()).prop_map(|name| BareJid::parse(&format!("{name}@example.org")).unwrap())
}

fn session() -> impl Strategy<Value = Jid> {
    (user(), prop::sample::select(vec!["desk", "phone"])).prop_map(|(user, resource)| Jid::new(user, Some(Resource::parse(resource).unwrap())))
}

fn nick() -> impl Strategy<Value = Resource> {
    prop::sample::select(vec!["Ann", "Bob"]).prop_map(|nick| Resource::parse(nick).unwrap())
}

/// Where one of few rooms is.
pub fn address() -> impl Strategy<Value = Address> {
    let room = prop::sample::select(vec!["tea", "mug"]).prop_map(|name| Localpart::parse(name).unwrap());
    (crate::state::services::arbitrary::domain(), room).prop_map(|(service, room)| Address { service, room })
}

fn affiliation() -> impl Strategy<Value = Affiliation> {
    prop::sample::select(Affiliation::ALL.to_vec())
}

fn named() -> impl Strategy<Value = Named> {
    let group = || prop::sample::select(vec!["crew", "Night Shift"]).prop_map(str::to_owned);
    prop_oneof![
        4 => user().prop_map(|jid| Named::Jid(jid.into())),
        2 => (group(), user()).prop_map(|(group, user)| Named::Either(group, Some(user))),
        1 => group().prop_map(|group| Named::Either(group, None)),
        1 => group().prop_map(Named::Group),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (any::<[bool; 4]>(), 0..4_u32, option::of("[a-z]{0,3}")).prop_map(|([persistent, public, members_only, moderated], max_users, text)| Settings {
        natural_name: text.clone().map(Into::into),
        password: text.map(Password::new),
        max_users,
        persistent,
        public,
        members_only,
        moderated,
        ..Settings::default()
    })
}

fn draft() -> impl Strategy<Value = Draft> {
    let entry = (affiliation(), named(), any::<bool>()).prop_map(|(affiliation, name, once)| Entry { affiliation, name, once });
    let subject = option::of("[a-z]{1,3}").prop_map(|text| text.map(Into::into));
    (address(), any::<[bool; 3]>(), settings(), subject, prop::collection::vec(entry, 1..5)).prop_map(
        |(address, [make, permitted, invite], settings, subject, entries)| Draft {
            address,
            service: make.then(|| "Chat".into()),
            permitted,
            settings,
            subject,
            created: None,
            modified: None,
            entries,
            invite,
        },
    )
}

/// Any command.
pub fn command() -> BoxedStrategy<Command> {
    prop_oneof![
        3 => draft().prop_map(|draft| Command::Put(Box::new(draft))),
        1 => prop::collection::vec(draft(), 0..3).prop_map(Command::PutEach),
        1 => (address(), prop::bool::weighted(0.1)).prop_map(|(address, retire)| Command::Destroy { address, retire }),
        3 => (address(), affiliation(), prop::collection::vec(named(), 0..3), any::<[bool; 2]>()).prop_map(
            |(address, affiliation, names, [replace, invite])| Command::Affiliate { address, affiliation, names, replace, invite }
        ),
        2 => (address(), affiliation(), named()).prop_map(|(address, affiliation, name)| Command::Disaffiliate { address, affiliation, name }),
        1 => (address(), prop::collection::vec(named(), 0..3)).prop_map(|(address, names)| Command::Invite { address, names, reason: None }),
        4 => (address(), session(), nick()).prop_map(|(address, session, nick)| Command::Enter { address, session, nick }),
        1 => (address(), session()).prop_map(|(address, session)| Command::Leave { address, session }),
        2 => (address(), session()).prop_map(|(address, session)| Command::Say { address, session, body: "hi".into(), keep: 3 }),
    ]
    .boxed()
}
