use super::*;
use crate::base::clock::Timestamp;
use crate::state::Answer;

/// Rooms with the groups and services that the tests know.
struct World {
    rooms: Rooms,
    services: Vec<&'static str>,
    groups: Vec<(&'static str, Vec<&'static str>)>,
    at: i64,
}

impl World {
    fn new() -> Self {
        Self { rooms: Rooms::default(), services: vec!["conference"], groups: vec![("Crew", vec!["cid", "dan"])], at: 1_000 }
    }

    fn answer(&self, question: &Question) -> Answer {
        let group = |name: &str| self.groups.iter().find(|(group, _)| *group == name);
        let is = |is| if is { Answer::Yes } else { Answer::No };
        match question {
            Question::GroupExists(name) => is(group(name).is_some()),
            Question::GroupPeople(name) => {
                Answer::Jids(group(name).map(|(_, members)| members.iter().map(|m| bare(m)).collect()).unwrap_or_default())
            }
            Question::GroupsOf(jid) => Answer::Names(
                self.groups.iter().filter(|(_, members)| members.iter().any(|m| bare(m) == *jid)).map(|(name, _)| (*name).into()).collect(),
            ),
            Question::SessionOpen(session) => is(session.resource.as_deref() != Some("closed")),
            Question::ServiceExists(domain) => is(self.services.iter().any(|service| format!("{service}.example.org") == domain.as_str())),
            _ => Answer::No,
        }
    }

    fn cx(&self) -> Context {
        Context { index: 1, at: Timestamp(self.at), domain: Domain::parse("example.org").unwrap() }
    }

    fn tell(&mut self, command: Command) -> Result<Done, Refusal> {
        let facts = Facts(command.questions().iter().map(|question| self.answer(question)).collect());
        let before: Vec<_> = self.rooms.records().collect();
        self.at += 1;
        let cx = self.cx();
        let each = matches!(command, Command::PutEach(_));
        let done = self.rooms.decide(&cx, command, &facts);
        assert!(done.is_ok() || each || before == self.rooms.records().collect::<Vec<_>>(), "a refusal changed something");
        self.check();
        done
    }

    fn follow(&mut self, effect: &Effect) -> Done {
        let done = self.rooms.follow(&self.cx(), effect);
        self.check();
        done
    }

    /// Everything derived is as if it were made anew.
    fn check(&self) {
        let mut again = Rooms::default();
        self.rooms.records().for_each(|record| again.restore(&record).unwrap());
        assert_eq!(again.records().collect::<Vec<_>>(), self.rooms.records().collect::<Vec<_>>());
        assert_eq!(again.affiliated, self.rooms.affiliated);
        assert_eq!(again.inside, self.rooms.inside);
        assert_eq!(again.count, self.rooms.count);
    }

    fn tea(&self) -> &Room {
        self.rooms.get("conference.example.org", "tea").unwrap()
    }

    fn list(&self, affiliation: Affiliation) -> Vec<String> {
        let name = |who: &&Affiliate| match who {
            Affiliate::User(jid) => jid.node().unwrap_or_default().to_owned(),
            Affiliate::Group(name) => format!("#{name}"),
        };
        self.tea().affiliations.list(affiliation).iter().map(name).collect()
    }
}

fn bare(name: &str) -> BareJid {
    BareJid::parse(&format!("{name}@example.org")).unwrap()
}

fn address() -> Address {
    Address { service: Domain::parse("conference.example.org").unwrap(), room: Localpart::parse("tea").unwrap() }
}

fn name(text: &str) -> Named {
    Named::Either(text.into(), Localpart::parse(text).ok().map(|_| bare(text)))
}

fn session(name: &str) -> Jid {
    Jid::new(bare(name), Some(Resource::parse("phone").unwrap()))
}

fn draft(lists: &[(Affiliation, &str)]) -> Draft {
    let entry = |(affiliation, who): &(Affiliation, &str)| Entry { affiliation: *affiliation, name: name(who), once: true };
    Draft {
        address: address(),
        service: None,
        permitted: true,
        settings: Settings { persistent: true, ..Settings::default() },
        subject: None,
        created: None,
        modified: None,
        entries: lists.iter().map(entry).collect(),
        invite: false,
    }
}

fn put(draft: Draft) -> Command {
    Command::Put(Box::new(draft))
}

fn give(affiliation: Affiliation, names: &[&str], replace: bool) -> Command {
    Command::Affiliate { address: address(), affiliation, names: names.iter().map(|who| name(who)).collect(), replace, invite: true }
}

fn enter(who: &str, nick: &str) -> Command {
    Command::Enter { address: address(), session: session(who), nick: Resource::parse(nick).unwrap() }
}

fn say(who: &str, body: &str, keep: u32) -> Command {
    Command::Say { address: address(), session: session(who), body: body.into(), keep }
}

fn happened(done: Done) -> Vec<Happening> {
    done.events.into_iter().filter_map(|event| if let Event::Room { what, .. } = event { Some(what) } else { None }).collect()
}

fn invited(done: &Done) -> Vec<(String, String)> {
    let of = |event: &Event| match event {
        Event::Room { what: Happening::Invited { to, reason, .. }, .. } => Some((to.to_string(), reason.clone().unwrap_or_default())),
        _ => None,
    };
    done.events.iter().filter_map(of).collect()
}

use Affiliation::{Admin, Member, Outcast, Owner};

#[test]
fn a_room_is_created_and_then_replaced() {
    let mut world = World::new();
    world.tell(put(draft(&[(Owner, "ann"), (Member, "Crew"), (Member, "bob")]))).unwrap();
    assert_eq!((world.list(Owner), world.list(Member)), (vec!["ann".into()], vec!["#Crew".to_owned(), "bob".into()]));
    let created = world.tea().created;
    assert_eq!((created, world.tea().modified), (Timestamp(1_001), Timestamp(1_001)));

    let mut again = draft(&[(Owner, "bob"), (Outcast, "eve")]);
    again.settings.natural_name = Some("Tea Room".into());
    world.tell(put(again)).unwrap();
    assert_eq!((world.list(Owner), world.list(Member), world.list(Outcast)), (vec!["bob".into()], vec![], vec!["eve".to_owned()]));
    assert_eq!((world.tea().created, world.tea().modified), (created, Timestamp(1_002)));

    let dated = Draft { created: Some(Timestamp(5)), modified: Some(Timestamp(6)), ..draft(&[(Owner, "bob")]) };
    world.tell(put(dated)).unwrap();
    assert_eq!((world.tea().created, world.tea().modified, world.rooms.len()), (Timestamp(5), Timestamp(6), 1));
}

#[test]
fn what_a_room_may_not_be() {
    let mut world = World::new();
    let twice = draft(&[(Owner, "ann"), (Admin, "bob"), (Member, "ann"), (Outcast, "bob")]);
    let both = vec!["ann@example.org".to_owned(), "bob@example.org".to_owned()];
    let bad = Draft { entries: vec![Entry { affiliation: Owner, name: Named::Either("a b".into(), None), once: true }], ..draft(&[]) };
    let forbidden = Draft { permitted: false, ..draft(&[(Owner, "ann")]) };
    let mut elsewhere = draft(&[(Owner, "ann")]);
    elsewhere.address.service = Domain::parse("chat.example.org").unwrap();
    for (draft, refusal) in [
        (twice, Refusal::AffiliatesTwice(both)),
        (bad, Refusal::NotAnEntity("a b".into())),
        (forbidden, Refusal::RoomForbidden("tea".into())),
        (draft(&[]), Refusal::LastOwner),
        (draft(&[(Member, "ann")]), Refusal::LastOwner),
        (elsewhere, Refusal::ServiceNotFound("chat.example.org".into())),
    ] {
        assert_eq!(world.tell(put(draft)).unwrap_err(), refusal);
    }
    assert!(world.rooms.is_empty());
}

#[test]
fn a_missing_service_is_made_with_the_room() {
    let mut world = World::new();
    let mut draft = Draft { service: Some("Chat".into()), ..draft(&[(Owner, "ann")]) };
    assert_eq!(world.tell(put(draft.clone())).unwrap().effects, []);
    draft.address.service = Domain::parse("chat.example.org").unwrap();
    let needed = Effect::ServiceNeeded { service: draft.address.service.clone(), name: "Chat".into() };
    assert_eq!(world.tell(put(draft)).unwrap().effects, [needed]);
}

#[test]
fn a_retired_name_is_not_used_again() {
    let mut world = World::new();
    world.tell(put(draft(&[(Owner, "ann")]))).unwrap();
    world.tell(Command::Destroy { address: address(), retire: true }).unwrap();
    assert_eq!(world.tell(put(draft(&[(Owner, "ann")]))).unwrap_err(), Refusal::RoomForbidden("tea".into()));
}

#[test]
fn many_are_made_each_for_itself() {
    let mut world = World::new();
    let drafts = vec![draft(&[(Owner, "ann")]), draft(&[(Owner, "ann"), (Admin, "ann")]), draft(&[(Owner, "bob")])];
    let done = world.tell(Command::PutEach(drafts)).unwrap();
    let twice = Refusal::AffiliatesTwice(vec!["ann@example.org".into()]);
    assert_eq!(done.reply, Some(Reply::Each(vec![None, Some(twice), None])));
    assert_eq!(world.list(Owner), ["bob"]);
}

#[test]
fn lists_are_added_to_and_replaced() {
    let mut world = World::new();
    world.tell(put(draft(&[(Owner, "ann"), (Admin, "bob")]))).unwrap();
    let done = world.tell(give(Member, &["Crew", "bob", "eve"], false)).unwrap();
    assert_eq!((world.list(Admin), world.list(Member)), (vec![], vec!["#Crew".to_owned(), "bob".into(), "eve".into()]));
    let reason = "You are member of room tea".to_owned();
    assert_eq!(invited(&done), ["cid", "dan", "bob", "eve"].map(|who| (format!("{who}@example.org"), reason.clone())));

    let done = world.tell(give(Member, &["eve", "fay"], true)).unwrap();
    assert_eq!(world.list(Member), ["eve", "fay"]);
    assert_eq!(invited(&done), [("fay@example.org".to_owned(), reason)]);
    assert_eq!(invited(&world.tell(give(Outcast, &["eve"], false)).unwrap()), []);
    world.tell(give(Member, &[], true)).unwrap();
    assert_eq!(world.list(Member), Vec::<String>::new());
}

#[test]
fn the_last_owner_stays() {
    let mut world = World::new();
    world.tell(put(draft(&[(Owner, "ann")]))).unwrap();
    let remove = |who| Command::Disaffiliate { address: address(), affiliation: Owner, name: name(who) };
    for command in [give(Admin, &["ann"], false), give(Owner, &[], true), remove("ann")] {
        assert_eq!(world.tell(command).unwrap_err(), Refusal::LastOwner);
    }
    world.tell(give(Owner, &["Crew"], true)).unwrap();
    assert_eq!(world.tell(remove("Crew")).unwrap_err(), Refusal::LastOwner);
    assert_eq!(world.tell(remove("ann")).unwrap_err(), Refusal::NotAffiliated("owner".into()));
    // An account that is deleted leaves, whatever the room loses; then anybody can become its owner.
    world.tell(give(Owner, &["bob"], true)).unwrap();
    world.follow(&Effect::UserDeleted(Localpart::parse("bob").unwrap()));
    assert_eq!(world.list(Owner), Vec::<String>::new());
    world.tell(give(Member, &["ann"], true)).unwrap();
    world.tell(give(Owner, &["ann"], false)).unwrap();
}

#[test]
fn groups_must_be_there_where_only_a_group_is_meant() {
    let mut world = World::new();
    world.tell(put(draft(&[(Owner, "ann")]))).unwrap();
    let command = Command::Disaffiliate { address: address(), affiliation: Owner, name: Named::Group("Nobody".into()) };
    assert_eq!(world.tell(command).unwrap_err(), Refusal::GroupNotFound("Nobody".into()));
}

#[test]
fn names_are_checked_before_the_service_and_the_service_before_the_room() {
    let mut world = World::new();
    let nowhere = Address { service: Domain::parse("chat.example.org").unwrap(), ..address() };
    let bad = || Named::Either("a b".into(), None);
    let lists = |address: &Address, name| Command::Affiliate {
        address: address.clone(),
        affiliation: Member,
        names: vec![name],
        replace: false,
        invite: false,
    };
    assert_eq!(world.tell(lists(&nowhere, bad())).unwrap_err(), Refusal::NotAnEntity("a b".into()));
    assert_eq!(world.tell(lists(&nowhere, name("ann"))).unwrap_err(), Refusal::ServiceNotFound("chat.example.org".into()));
    assert_eq!(world.tell(lists(&address(), name("ann"))).unwrap_err(), Refusal::RoomNotFound("tea".into()));
    let invite = Command::Invite { address: nowhere.clone(), names: vec![bad()], reason: None };
    assert_eq!(world.tell(invite).unwrap_err(), Refusal::NotAnEntity("a b".into()));
    assert_eq!(world.tell(Command::Destroy { address: nowhere, retire: false }).unwrap_err(), Refusal::ServiceNotFound("chat.example.org".into()));
}

#[test]
fn creation_invites_all_but_the_first_owner() {
    let mut world = World::new();
    let lists = [(Owner, "ann"), (Owner, "bob"), (Admin, "cid"), (Member, "dan"), (Outcast, "eve")];
    let done = world.tell(put(Draft { invite: true, ..draft(&lists) })).unwrap();
    let told = |who: &str, what: &str| (format!("{who}@example.org"), format!("You are {what} of room tea"));
    assert_eq!(invited(&done), [told("cid", "admin"), told("bob", "owner"), told("dan", "member")]);
    let lists = [(Owner, "ann"), (Owner, "bob"), (Admin, "dan"), (Member, "eve")];
    let done = world.tell(put(Draft { invite: true, ..draft(&lists) })).unwrap();
    assert_eq!(invited(&done), [told("dan", "admin"), told("eve", "member")]);
}

#[test]
fn an_invitation_is_a_message_to_users_of_this_server() {
    let mut world = World::new();
    let mut tea = draft(&[(Owner, "ann")]);
    tea.settings.password = Some(Password::new("kettle"));
    world.tell(put(tea)).unwrap();
    let away = Named::Jid(Jid::parse("zoe@other.example/desk").unwrap());
    let names = vec![name("Crew"), name("dan"), away, Named::Jid(session("ann"))];
    let done = world.tell(Command::Invite { address: address(), names, reason: Some("Tea is <served>".into()) }).unwrap();
    let to: Vec<_> = invited(&done).into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, ["ann@example.org/phone", "cid@example.org", "dan@example.org", "zoe@other.example/desk"]);
    let messages: Vec<_> =
        done.effects.iter().filter_map(|effect| if let Effect::MessageSent(message) = effect { Some(message) } else { None }).collect();
    assert_eq!(messages.iter().map(|message| message.to.as_str()).collect::<Vec<_>>(), ["ann", "cid", "dan"]);
    assert!(messages[0].stanza.starts_with("<message from='tea@conference.example.org' to='ann@example.org/phone'>"), "{:?}", messages[0]);
    assert!(messages[0].stanza.contains("<reason>Tea is &lt;served&gt;</reason></invite><password>kettle</password>"), "{:?}", messages[0]);
}

#[test]
fn a_subject_is_told_when_it_changes() {
    let mut world = World::new();
    let with = |subject: Option<&str>| put(Draft { subject: subject.map(Into::into), ..draft(&[(Owner, "ann")]) });
    let mut told = |subject| {
        let happened = happened(world.tell(with(subject)).unwrap());
        happened.into_iter().filter(|what| matches!(what, Happening::Subject(_))).collect::<Vec<_>>()
    };
    assert_eq!(told(None), []);
    assert_eq!(told(Some("Green?")), [Happening::Subject(Some("Green?".into()))]);
    assert_eq!(told(Some("Green?")), []);
    assert_eq!(told(None), [Happening::Subject(None)]);
}

#[test]
fn who_may_enter() {
    let mut world = World::new();
    let mut tea = draft(&[(Owner, "ann"), (Member, "Crew"), (Outcast, "eve")]);
    tea.settings.members_only = true;
    tea.settings.max_users = 2;
    world.tell(put(tea)).unwrap();
    assert_eq!(world.tell(enter("bob", "Bob")).unwrap_err(), Refusal::MembersOnly);
    assert_eq!(world.tell(enter("eve", "Eve")).unwrap_err(), Refusal::Banned);
    world.tell(enter("cid", "Cid")).unwrap();
    assert_eq!(world.tell(enter("dan", "Cid")).unwrap_err(), Refusal::NicknameTaken("Cid".into()));
    world.tell(enter("dan", "Dan")).unwrap();
    world.tell(enter("ann", "Ann")).unwrap();
    let roles: Vec<_> = world.tea().occupants().into_iter().map(|(_, who)| (who.nick.to_string(), who.role, who.affiliation)).collect();
    let expected = [("Cid", Role::Participant, Some(Member)), ("Dan", Role::Participant, Some(Member)), ("Ann", Role::Moderator, Some(Owner))];
    assert_eq!(roles, expected.map(|(nick, role, affiliation)| (nick.to_owned(), role, affiliation)));
    world.tell(Command::Leave { address: address(), session: session("ann") }).unwrap();
    assert_eq!(world.tell(Command::Leave { address: address(), session: session("ann") }).unwrap_err(), Refusal::NotAnOccupant);
    let full = Command::Enter {
        address: address(),
        session: Jid::new(bare("cid"), Some(Resource::parse("desk").unwrap())),
        nick: Resource::parse("Cid").unwrap(),
    };
    assert_eq!(world.tell(full).unwrap_err(), Refusal::RoomFull);
}

#[test]
fn a_session_that_is_over_does_not_enter() {
    let mut world = World::new();
    world.tell(put(draft(&[(Owner, "ann")]))).unwrap();
    let over = |jid: &str| Command::Enter { address: address(), session: Jid::parse(jid).unwrap(), nick: Resource::parse("Ann").unwrap() };
    assert_eq!(world.tell(over("ann@example.org/closed")).unwrap_err(), Refusal::SessionNotFound("ann@example.org/closed".into()));
    // Whether a session of another server is over, that server tells.
    world.tell(over("ann@other.example/closed")).unwrap();
}

#[test]
fn changed_affiliations_reach_who_is_inside() {
    let mut world = World::new();
    let open = |lists: &[(Affiliation, &str)], members_only| {
        let mut draft = draft(lists);
        draft.settings.members_only = members_only;
        draft.settings.moderated = true;
        put(draft)
    };
    world.tell(open(&[(Owner, "ann")], false)).unwrap();
    for (who, nick) in [("bob", "Bob"), ("cid", "Cid"), ("eve", "Eve"), ("fay", "Fay")] {
        world.tell(enter(who, nick)).unwrap();
    }
    let changed = |who: &str, nick: &str, affiliation, role| {
        vec![Happening::Changed { session: session(who), nick: Resource::parse(nick).unwrap(), affiliation, role }]
    };
    let removed = |who: &str, nick: &str, affiliation, why| Happening::Removed {
        session: session(who),
        nick: Resource::parse(nick).unwrap(),
        affiliation,
        why,
    };
    assert_eq!(
        happened(
            world
                .tell(Command::Affiliate { address: address(), affiliation: Admin, names: vec![name("bob")], replace: false, invite: false })
                .unwrap()
        ),
        changed("bob", "Bob", Some(Admin), Role::Moderator)
    );
    assert_eq!(happened(world.tell(give(Outcast, &["eve"], false)).unwrap()), [removed("eve", "Eve", Some(Outcast), Removal::Banned)]);
    // Members first, so that who becomes one now may stay; cid is one by the group.
    let happened_now = happened(world.tell(open(&[(Owner, "ann"), (Admin, "bob"), (Member, "Crew")], true)).unwrap());
    let mut expected = changed("cid", "Cid", Some(Member), Role::Participant);
    expected.push(removed("fay", "Fay", None, Removal::MembersOnly));
    assert_eq!(happened_now, expected);
    let demote = Command::Disaffiliate { address: address(), affiliation: Admin, name: name("bob") };
    assert_eq!(happened(world.tell(demote).unwrap()), [removed("bob", "Bob", None, Removal::NoMember)]);
    assert_eq!(happened(world.follow(&Effect::GroupDeleted("Crew".into()))), [removed("cid", "Cid", None, Removal::NoMember)]);
    assert_eq!(world.rooms.of_session(&session("cid")), []);
}

#[test]
fn a_room_that_is_not_persistent_goes_with_its_last_occupant() {
    let mut world = World::new();
    let mut tea = draft(&[(Owner, "ann")]);
    tea.settings.persistent = false;
    world.tell(put(tea)).unwrap();
    world.tell(enter("ann", "Ann")).unwrap();
    world.tell(enter("bob", "Bob")).unwrap();
    world.follow(&Effect::SessionClosed(session("ann")));
    assert_eq!(world.tea().crowd(), 1);
    let happened = happened(world.follow(&Effect::SessionClosed(session("bob"))));
    assert_eq!(happened.last(), Some(&Happening::Destroyed(vec![])));
    assert!(world.rooms.is_empty());
}

#[test]
fn a_destroyed_room_names_who_was_in_it() {
    let mut world = World::new();
    world.tell(put(draft(&[(Owner, "ann")]))).unwrap();
    world.tell(enter("bob", "Bob")).unwrap();
    let happened = happened(world.tell(Command::Destroy { address: address(), retire: false }).unwrap());
    assert!(matches!(&happened[..], [Happening::Destroyed(who)] if who[0].0 == session("bob")), "{happened:?}");
    assert_eq!(world.tell(Command::Destroy { address: address(), retire: false }).unwrap_err(), Refusal::RoomNotFound("tea".into()));
}

#[test]
fn history_is_bounded_and_holds_no_blanks() {
    let mut world = World::new();
    world.tell(put(draft(&[(Owner, "ann")]))).unwrap();
    assert_eq!(world.tell(say("bob", "hi", 9)).unwrap_err(), Refusal::NotAnOccupant);
    world.tell(enter("bob", "Bob")).unwrap();
    for body in ["1", " ", "2", "3"] {
        world.tell(say("bob", body, 2)).unwrap();
    }
    assert_eq!(world.tea().history.iter().map(|said| &*said.body).collect::<Vec<_>>(), ["2", "3"]);
    let long = "x".repeat(SAID_MAX + 1);
    assert_eq!(world.tell(say("bob", &long, 2)).unwrap_err(), Refusal::TooMany("bytes in one message".into()));
    world.tell(say("bob", "4", 0)).unwrap();
    assert!(world.tea().history.is_empty());
}

#[test]
fn visitors_of_a_moderated_room_listen() {
    let mut world = World::new();
    let mut tea = draft(&[(Owner, "ann")]);
    tea.settings.moderated = true;
    world.tell(put(tea)).unwrap();
    world.tell(enter("bob", "Bob")).unwrap();
    assert_eq!(world.tell(say("bob", "hi", 9)).unwrap_err(), Refusal::NoVoice);
}

#[test]
fn a_renamed_user_stays_what_they_were() {
    let mut world = World::new();
    world.tell(put(draft(&[(Owner, "ann"), (Member, "bob")]))).unwrap();
    world.follow(&Effect::UserRenamed { from: Localpart::parse("ann").unwrap(), to: Localpart::parse("zoe").unwrap() });
    assert_eq!((world.list(Owner), world.list(Member)), (vec!["zoe".into()], vec!["bob".to_owned()]));
    world.follow(&Effect::UserDeleted(Localpart::parse("bob").unwrap()));
    assert_eq!(world.list(Member), Vec::<String>::new());
}

#[test]
fn passwords_are_not_shown() {
    let settings = Settings { password: Some(Password::new("kettle")), ..Settings::default() };
    assert!(!format!("{settings:?}").contains("kettle"));
    assert!(Password::new("kettle").matches("kettle") && !Password::new("kettle").matches("pot") && Password::new(" ").matches("pot"));
}

proptest::proptest! {
    #[test]
    fn whatever_is_told_keeps_everything_in_order(commands in proptest::collection::vec(super::arbitrary::command(), 1..40)) {
        let mut world = World::new();
        for command in commands {
            let _ = world.tell(command);
        }
    }
}
