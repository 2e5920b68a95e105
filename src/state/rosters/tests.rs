#![allow(clippy::unwrap_used, clippy::type_complexity)]

use proptest::prelude::*;

use crate::base::clock::Timestamp;
use crate::base::jid::Domain;
use crate::state::{Answer, Event};

use super::*;

fn cx() -> Context {
    Context { index: 1, at: Timestamp::now(), domain: Domain::parse("example.org").unwrap() }
}

fn jid(text: &str) -> BareJid {
    crate::base::userref::user_reference(text, &cx().domain).unwrap()
}

fn name(text: &str) -> Localpart {
    Localpart::parse(text).unwrap()
}

fn shared(through: &[&str], among: &[&str]) -> Answer {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Answer::Shared { through: names(through), among: names(among) }
}

/// What other nouns say when nothing is shared.
fn facts(through: &[&str], clashing: &[&str]) -> Facts {
    Facts(vec![shared(through, clashing), Answer::Yes, Answer::Text(None)])
}

fn entry(nickname: Option<&str>, groups: &[&str], subscription: Subscription) -> Contact {
    Contact { nickname: nickname.map(Box::from), groups: groups.iter().map(|group| Box::from(*group)).collect(), subscription }
}

fn add(rosters: &mut Rosters, owner: &str, contact: &str, entry: Contact, facts: &Facts) -> Result<Done, Refusal> {
    rosters.decide(&cx(), Command::Add { owner: jid(owner), contact: jid(contact), entry }, facts)
}

fn remove(rosters: &mut Rosters, owner: &str, contact: &str, facts: &Facts) -> Result<Done, Refusal> {
    rosters.decide(&cx(), Command::Remove { owner: jid(owner), contact: jid(contact) }, facts)
}

fn update(rosters: &mut Rosters, nickname: Option<&str>, groups: Option<&[&str]>, replace: bool, facts: &Facts) -> Result<Done, Refusal> {
    let groups = groups.map(|groups| groups.iter().map(|group| Box::from(*group)).collect());
    let nickname = nickname.map(Box::from);
    let command = Command::Update { owner: jid("ann"), contact: jid("bob"), nickname, groups, subscription: Subscription::None, replace };
    rosters.decide(&cx(), command, facts)
}

/// Ann knows Bob as Tobi, in Crew, both ways.
fn ann_knows_bob() -> Rosters {
    let mut rosters = Rosters::default();
    add(&mut rosters, "ann", "bob", entry(Some("Tobi"), &["Crew"], Subscription::Both), &facts(&[], &[])).unwrap();
    rosters
}

fn contact(rosters: &Rosters, owner: &str, contact: &str) -> Option<Contact> {
    rosters.contact(owner, &jid(contact)).map(|entry| Contact::clone(entry))
}

#[test]
fn the_refusals_of_adding_come_in_order() {
    let mut rosters = ann_knows_bob();
    let mut try_add = |contact, facts: &Facts| add(&mut rosters, "ann", contact, Contact::default(), facts).unwrap_err();
    let nobody = Facts(vec![shared(&["Crew"], &["Crew"]), Answer::No]);
    assert_eq!(try_add("bob", &nobody), Refusal::UserNotFound("ann".into()));
    assert_eq!(try_add("bob", &facts(&[], &["Crew"])), Refusal::ContactExists(jid("bob")));
    assert_eq!(try_add("cyd", &facts(&["Crew"], &["Crew"])), Refusal::ContactExists(jid("cyd")));
    assert_eq!(try_add("cyd", &facts(&[], &["Crew"])), Refusal::SharedGroup("Crew".into()));
}

#[test]
fn questions_are_those_that_the_decision_reads() {
    let command = Command::Remove { owner: jid("ann"), contact: jid("bob") };
    let shared = Question::Shared { user: jid("ann"), contact: jid("bob"), names: vec![] };
    let expected = [shared, Question::UserExists(name("ann")), Question::UserName(name("bob"))];
    assert_eq!(command.questions(), expected);
    let remote = Command::Remove { owner: jid("ann"), contact: jid("bob@elsewhere.org") };
    assert_eq!(remote.questions().len(), 2);
}

#[test]
fn an_empty_nickname_of_who_is_seen_becomes_the_contacts_own() {
    let named = Facts(vec![shared(&[], &[]), Answer::Yes, Answer::Text(Some("Bob Holt".into()))]);
    let cases: &[(&str, &Facts, Option<&str>, Subscription, Option<&str>)] = &[
        ("bob", &named, Some(""), Subscription::Both, Some("Bob Holt")),
        ("bob", &named, Some(""), Subscription::From, Some("")),
        ("bob", &named, None, Subscription::Both, None),
        ("bob", &facts(&[], &[]), Some(""), Subscription::To, Some("bob")),
        ("bob@elsewhere.org", &facts(&[], &[]), Some(""), Subscription::To, Some("bob@elsewhere.org")),
    ];
    for (whom, facts, nickname, subscription, expected) in cases {
        let mut rosters = Rosters::default();
        add(&mut rosters, "ann", whom, entry(*nickname, &[], *subscription), facts).unwrap();
        assert_eq!(contact(&rosters, "ann", whom).unwrap().nickname.as_deref(), *expected, "{whom} {subscription:?}");
    }
}

#[test]
fn an_update_leaves_or_replaces_what_is_not_given() {
    let mut rosters = ann_knows_bob();
    update(&mut rosters, None, None, false, &facts(&[], &[])).unwrap();
    assert_eq!(contact(&rosters, "ann", "bob"), Some(entry(Some("Tobi"), &["Crew"], Subscription::None)));
    update(&mut rosters, None, Some(&["Pals", "Team"]), false, &facts(&[], &["Team"])).unwrap();
    assert_eq!(contact(&rosters, "ann", "bob"), Some(entry(Some("Tobi"), &["Pals"], Subscription::None)));
    update(&mut rosters, None, None, true, &facts(&[], &[])).unwrap();
    assert_eq!(contact(&rosters, "ann", "bob"), Some(Contact::default()));
}

#[test]
fn an_update_keeps_to_the_shared_groups() {
    let mut rosters = Rosters::default();
    assert_eq!(update(&mut rosters, None, None, false, &facts(&[], &[])).unwrap_err(), Refusal::ContactNotFound(jid("bob")));
    let shared = facts(&["Team"], &["Team"]);
    assert_eq!(update(&mut rosters, None, Some(&["Pals"]), false, &shared).unwrap_err(), Refusal::SharedGroup("Team".into()));
    assert_eq!(update(&mut rosters, None, None, true, &facts(&["Team"], &[])).unwrap_err(), Refusal::SharedGroup("Team".into()));
    update(&mut rosters, Some("B"), Some(&["Pals", "Team"]), false, &shared).unwrap();
    assert_eq!(contact(&rosters, "ann", "bob"), Some(entry(Some("B"), &["Pals"], Subscription::None)));
}

#[test]
fn removing_refuses_shared_contacts_first() {
    let mut rosters = ann_knows_bob();
    assert_eq!(remove(&mut rosters, "ann", "bob", &facts(&["Team"], &[])).unwrap_err(), Refusal::SharedGroup("Team".into()));
    remove(&mut rosters, "ann", "bob", &facts(&[], &[])).unwrap();
    assert_eq!(remove(&mut rosters, "ann", "bob", &facts(&[], &[])).unwrap_err(), Refusal::ContactNotFound(jid("bob")));
    assert_eq!(rosters.owners(&jid("bob")).len(), 0);
}

#[test]
fn removing_ends_the_subscription_on_both_sides() {
    use Subscription::{Both, From, None, To};
    for (had, theirs, left) in [(Both, Both, None), (To, Both, To), (From, Both, From), (None, Both, Both), (Both, None, None)] {
        let mut rosters = Rosters::default();
        add(&mut rosters, "ann", "bob", entry(Option::None, &[], had), &facts(&[], &[])).unwrap();
        add(&mut rosters, "bob", "ann", entry(Some("A"), &[], theirs), &facts(&[], &[])).unwrap();
        let done = remove(&mut rosters, "ann", "bob", &facts(&[], &[])).unwrap();
        assert_eq!(contact(&rosters, "bob", "ann"), Some(entry(Some("A"), &[], left)), "{had:?} {theirs:?}");
        let gone = Event::ContactRemoved { owner: name("ann"), contact: jid("bob"), had };
        let pushed = Event::RosterPushed { owner: name("bob"), contact: jid("ann") };
        assert_eq!(done.events, if left == theirs { vec![gone] } else { vec![gone, pushed] });
    }
}

#[test]
fn a_full_roster_refuses() {
    let mut rosters = Rosters::default();
    for n in 0..CONTACTS_MAX {
        rosters.put(name("ann"), jid(&format!("u{n}")), Contact::default());
    }
    assert_eq!(add(&mut rosters, "ann", "bob", Contact::default(), &facts(&[], &[])).unwrap_err(), Refusal::RosterFull(name("ann")));
    assert_eq!(update(&mut rosters, None, None, false, &facts(&["Team"], &[])).unwrap_err(), Refusal::RosterFull(name("ann")));
}

#[test]
fn a_renamed_user_moves_in_every_list() {
    let mut rosters = ann_knows_bob();
    add(&mut rosters, "bob", "bob", Contact::default(), &facts(&[], &[])).unwrap();
    add(&mut rosters, "bob", "cyd", Contact::default(), &facts(&[], &[])).unwrap();
    let done = rosters.follow(&cx(), &Effect::UserRenamed { from: name("bob"), to: name("rob") });
    assert_eq!(contact(&rosters, "ann", "rob"), Some(entry(Some("Tobi"), &["Crew"], Subscription::Both)));
    let own: Vec<_> = rosters.of("rob").map(|(jid, _)| jid.to_string()).collect();
    assert_eq!(own, ["cyd@example.org", "rob@example.org"]);
    assert_eq!((rosters.of("bob").count(), rosters.owners(&jid("bob")).len()), (0, 0));
    assert!(done.events.contains(&Event::RosterPushed { owner: name("ann"), contact: jid("rob") }));
}

#[test]
fn a_deleted_user_leaves_every_list() {
    let mut rosters = ann_knows_bob();
    add(&mut rosters, "bob", "cyd@elsewhere.org", entry(None, &[], Subscription::To), &facts(&[], &[])).unwrap();
    let done = rosters.follow(&cx(), &Effect::UserDeleted(name("bob")));
    assert_eq!(rosters.records().count(), 0);
    let events = [
        Event::ContactRemoved { owner: name("bob"), contact: jid("cyd@elsewhere.org"), had: Subscription::To },
        Event::ContactRemoved { owner: name("ann"), contact: jid("bob"), had: Subscription::None },
    ];
    assert_eq!(done.events, events);
}

fn owners(rosters: &Rosters, contact: &str) -> Vec<String> {
    rosters.owners(&jid(contact)).iter().map(ToString::to_string).collect()
}

proptest! {
    #[test]
    fn the_index_is_what_the_lists_say(commands in proptest::collection::vec(arbitrary::command(), 0..40)) {
        let mut rosters = Rosters::default();
        for command in commands {
            let _ = rosters.decide(&cx(), command, &facts(&[], &[]));
        }
        rosters.follow(&cx(), &Effect::UserRenamed { from: name("ann"), to: name("dan") });
        let mut restored = Rosters::default();
        for record in rosters.records() {
            restored.restore(&record).unwrap();
        }
        for whom in ["ann", "bob", "cyd", "dan", "ann@elsewhere.org"] {
            let scanned: Vec<_> = ["ann", "bob", "cyd", "dan"].into_iter().filter(|owner| rosters.contact(owner, &jid(whom)).is_some()).collect();
            prop_assert_eq!(owners(&rosters, whom), &*scanned);
            prop_assert_eq!(owners(&restored, whom), scanned);
        }
        prop_assert!(rosters.records().eq(restored.records()));
    }
}
