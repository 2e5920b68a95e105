#![allow(clippy::unwrap_used, clippy::type_complexity)]

use proptest::prelude::*;

use crate::base::clock::Timestamp;
use crate::base::jid::{Domain, Localpart};

use super::*;

fn cx() -> Context {
    Context { index: 1, at: Timestamp::now(), domain: Domain::parse("example.org").unwrap() }
}

fn jid(text: &str) -> BareJid {
    crate::base::userref::user_reference(text, &cx().domain).unwrap()
}

fn jids(names: &[&str]) -> Option<Vec<BareJid>> {
    Some(names.iter().map(|name| jid(name)).collect())
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn shape(shared: bool, admins: &[&str], members: &[&str]) -> Shape {
    Shape { description: None, shared, admins: jids(admins), members: jids(members) }
}

/// Groups with one of them.
fn with(shape: Shape) -> Groups {
    let mut groups = Groups::default();
    groups.create("Crew", shape).unwrap();
    groups
}

/// `*` marks admins.
fn people(groups: &Groups, name: &str) -> Vec<String> {
    let of = |(jid, role): (&BareJid, &Role)| format!("{}{}", if *role == Role::Admin { "*" } else { "" }, jid.node().unwrap());
    groups.get(name).unwrap().people.iter().map(of).collect()
}

fn of(groups: &Groups, name: &str) -> Vec<String> {
    groups.of(&jid(name)).map(ToString::to_string).collect()
}

fn told(done: &Done) -> (Vec<&str>, Vec<&str>) {
    match &*done.events {
        [Event::SharedGroupChanged { joined, left, .. }] => {
            (joined.iter().filter_map(|jid| jid.node()).collect(), left.iter().filter_map(|jid| jid.node()).collect())
        }
        _ => (vec![], vec![]),
    }
}

use crate::state::Event;

#[test]
fn an_admin_is_no_mere_member() {
    let groups = with(shape(false, &["ann"], &["bob", "ann", "bob"]));
    assert_eq!(people(&groups, "Crew"), ["*ann", "bob"]);
}

#[test]
fn a_name_is_taken_once() {
    let mut groups = with(shape(false, &[], &[]));
    assert_eq!(groups.create("Crew", Shape::default()).unwrap_err(), Refusal::GroupExists("Crew".into()));
    assert!(groups.create("crew", Shape::default()).is_ok());
}

#[test]
fn an_update_replaces_the_lists_that_are_given() {
    let cases: &[(Option<&[&str]>, Option<&[&str]>, &[&str])] = &[
        (None, None, &["*ann", "bob"]),
        (Some(&[]), None, &["bob"]),
        (Some(&["bob"]), None, &["*bob"]),
        (None, Some(&["ann", "cyd"]), &["*ann", "cyd"]),
        (Some(&[]), Some(&["ann"]), &["ann"]),
        (Some(&["ann"]), Some(&["ann"]), &["*ann"]),
        (Some(&[]), Some(&[]), &[]),
    ];
    for (admins, members, expected) in cases {
        let mut groups = with(shape(false, &["ann"], &["bob"]));
        let shape = Shape { admins: admins.and_then(jids), members: members.and_then(jids), ..Shape::default() };
        groups.update("Crew", shape).unwrap();
        assert_eq!(people(&groups, "Crew"), *expected, "{admins:?} {members:?}");
    }
}

#[test]
fn an_update_sets_description_and_sharing_and_needs_a_group() {
    let mut groups = with(Shape { description: Some("22-06".into()), shared: true, ..Shape::default() });
    groups.update("Crew", Shape::default()).unwrap();
    assert_eq!(**groups.get("Crew").unwrap(), Group::default());
    assert_eq!(groups.update("Cook", Shape::default()).unwrap_err(), Refusal::GroupNotFound("Cook".into()));
}

#[test]
fn joining_makes_groups_and_leaves_admins_alone() {
    let mut groups = with(shape(false, &["ann"], &[]));
    groups.join(&jid("ann"), &list(&["Crew", "New", "New"])).unwrap();
    assert_eq!((people(&groups, "Crew"), people(&groups, "New")), (list(&["*ann"]), list(&["ann"])));
    assert_eq!(groups.get("New").unwrap().description.as_deref(), Some(""));
    assert_eq!(of(&groups, "ann"), ["Crew", "New"]);
}

#[test]
fn leaving_needs_every_group_and_takes_any_role() {
    let mut groups = with(shape(false, &["ann"], &["bob"]));
    let refused = groups.leave(&jid("ann"), &list(&["Crew", "Gone"])).unwrap_err();
    assert_eq!((refused, of(&groups, "ann")), (Refusal::GroupNotFound("Gone".into()), list(&["Crew"])));
    groups.leave(&jid("ann"), &list(&["Crew"])).unwrap();
    groups.leave(&jid("nobody"), &list(&["Crew"])).unwrap();
    assert_eq!((people(&groups, "Crew"), of(&groups, "ann")), (list(&["bob"]), vec![]));
}

#[test]
fn joining_only_some_leaves_the_others_but_not_as_admin() {
    let mut groups = with(shape(false, &["ann"], &[]));
    groups.join(&jid("ann"), &list(&["A", "B"])).unwrap();
    groups.join_only(&jid("ann"), &list(&["B", "C"])).unwrap();
    assert_eq!(of(&groups, "ann"), ["B", "C", "Crew"]);
    groups.join_only(&jid("ann"), &[]).unwrap();
    assert_eq!(of(&groups, "ann"), ["Crew"]);
}

#[test]
fn a_full_group_refuses_and_nothing_happens() {
    let everybody = (0..PEOPLE_MAX).map(|n| jid(&format!("u{n}"))).collect();
    let mut groups = with(Shape { members: Some(everybody), ..Shape::default() });
    let refused = groups.join(&jid("ann"), &list(&["New", "Crew"])).unwrap_err();
    assert_eq!((refused, groups.contains("New")), (Refusal::GroupFull("Crew".into()), false));
    assert!(groups.join(&jid("u1"), &list(&["Crew"])).is_ok());
    let refused = groups.update("Crew", Shape { admins: jids(&["ann"]), ..Shape::default() }).unwrap_err();
    assert_eq!(refused, Refusal::GroupFull("Crew".into()));
}

#[test]
fn people_of_shared_groups_see_each_other() {
    let mut groups = with(shape(true, &["ann"], &["bob", "cyd@elsewhere.org"]));
    groups.create("Cooks", shape(true, &[], &["ann", "bob"])).unwrap();
    groups.create("Quiet", shape(false, &[], &["ann", "dan"])).unwrap();
    let seen: Vec<_> = groups.shared_contacts(&jid("ann")).into_iter().map(|(jid, through)| (jid.to_string(), through.len())).collect();
    assert_eq!(seen, [("bob@example.org".into(), 2), ("cyd@elsewhere.org".into(), 1)]);
    let answer =
        |user: &str, contact: &str, names: &[&str]| groups.answer(&Question::Shared { user: jid(user), contact: jid(contact), names: list(names) });
    let shared = |through: &[&str], among: &[&str]| Answer::Shared { through: list(through), among: list(among) };
    assert_eq!(answer("bob", "ann", &[]), shared(&["Cooks", "Crew"], &[]));
    assert_eq!(answer("ann", "dan", &["Quiet", "Crew", "None"]), shared(&[], &["Crew"]));
    assert_eq!(answer("ann", "ann", &[]), shared(&[], &[]));
}

#[test]
fn listeners_hear_who_came_together_and_who_parted() {
    let mut groups = with(shape(false, &["ann"], &["bob"]));
    assert_eq!(told(&groups.join(&jid("cyd"), &list(&["Crew"])).unwrap()), (vec![], vec![]));
    assert_eq!(told(&groups.update("Crew", Shape { shared: true, ..Shape::default() }).unwrap()), (vec!["ann", "bob", "cyd"], vec![]));
    assert_eq!(told(&groups.leave(&jid("bob"), &list(&["Crew"])).unwrap()), (vec![], vec!["bob"]));
    assert_eq!(told(&groups.rename(&jid("cyd"), &jid("dan"))), (vec!["dan"], vec!["cyd"]));
    assert_eq!(told(&groups.delete("Crew").unwrap()), (vec![], vec!["ann", "dan"]));
    assert!(groups.is_empty() && of(&groups, "ann").is_empty());
}

#[test]
fn groups_follow_their_people() {
    let mut groups = with(shape(false, &["ann"], &["bob"]));
    groups.create("Other", shape(false, &["bob"], &["ann", "ann@elsewhere.org"])).unwrap();
    let name = |text| Localpart::parse(text).unwrap();
    groups.follow(&cx(), &Effect::UserRenamed { from: name("ann"), to: name("anna") });
    assert_eq!((people(&groups, "Crew"), of(&groups, "anna")), (list(&["*anna", "bob"]), list(&["Crew", "Other"])));
    groups.follow(&cx(), &Effect::UserRenamed { from: name("anna"), to: name("bob") });
    assert_eq!((people(&groups, "Crew"), people(&groups, "Other")), (list(&["*bob"]), list(&["ann", "*bob"])));
    groups.follow(&cx(), &Effect::UserDeleted(name("bob")));
    assert_eq!((people(&groups, "Crew"), of(&groups, "bob")), (vec![], vec![]));
}

proptest! {
    #[test]
    fn the_index_is_what_the_groups_say(commands in proptest::collection::vec(arbitrary::command(), 0..40)) {
        let mut groups = Groups::default();
        for command in commands {
            let _ = groups.decide(&cx(), command, &Facts::default());
        }
        let mut restored = Groups::default();
        for record in groups.records() {
            restored.restore(&record).unwrap();
        }
        for name in ["ann", "bob", "cyd", "ann@elsewhere.org"] {
            let scanned: Vec<_> = groups.iter().filter(|(_, group)| group.role(&jid(name)).is_some()).map(|(name, _)| name.to_string()).collect();
            prop_assert_eq!(of(&groups, name), &*scanned);
            prop_assert_eq!(of(&restored, name), scanned);
        }
        prop_assert!(groups.records().eq(restored.records()));
    }
}
