use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn uuid(id: NodeId) -> Uuid {
    Uuid::from_u128(u128::from(id))
}

fn duties() -> Duties {
    Duties::new(Patience { down: SECOND * 5, transfer: SECOND * 10, remove: None })
}

/// Node 1 leads since second 100, and everybody was heard of just now.
fn look(voters: NodeId, learners: NodeId) -> Look {
    let contact = Contact { at: SECOND * 200, applied: 1000, formats: (1, 2), version: "1".into(), draining: false };
    let seen = |id| Seen { id, uuid: uuid(id), at: Some(format!("host-{id}:1")), voter: id <= voters, contact: Some(contact.clone()) };
    Look {
        now: SECOND * 200,
        leads_since: SECOND * 100,
        me: 1,
        members: (1..=voters + learners).map(seen).collect(),
        up: (1..=voters + learners).map(|id| (uuid(id), 10 + id)).collect(),
        last_log: 1000,
        change: Change::None,
        format: 2,
    }
}

fn heard(look: &mut Look, id: NodeId, ago: u64) {
    let now = look.now;
    for member in look.members.iter_mut().filter(|member| member.id == id) {
        member.contact = member.contact.take().map(|contact| Contact { at: now - SECOND * u32::try_from(ago).unwrap_or(0), ..contact });
    }
}

#[test]
fn nothing_is_due_where_all_is_well() {
    assert_eq!(duties().due(&look(3, 0)), None);
    assert_eq!(duties().due(&look(5, 2)), None);
}

#[test]
fn who_is_silent_for_too_long_is_down_but_never_the_leader_itself() {
    let mut seen = look(3, 0);
    heard(&mut seen, 1, 60);
    heard(&mut seen, 3, 5);
    assert_eq!(duties().due(&seen), None);
    heard(&mut seen, 3, 6);
    assert_eq!(duties().due(&seen), Some(Duty::Down { node: uuid(3), incarnation: 13 }));
    seen.up.retain(|(node, _)| *node != uuid(3));
    assert_eq!(duties().due(&seen), None, "it is down already");
}

#[test]
fn a_new_leader_waits_anew() {
    let mut seen = look(3, 0);
    heard(&mut seen, 3, 90);
    seen.leads_since = seen.now - SECOND * 5;
    assert_eq!(duties().due(&seen), None);
    seen.leads_since = seen.now - SECOND * 6;
    assert_eq!(duties().due(&seen), Some(Duty::Down { node: uuid(3), incarnation: 13 }));
}

#[test]
fn who_is_up_and_no_member_any_more_is_down() {
    let mut seen = look(3, 0);
    seen.members.remove(2);
    assert_eq!(duties().due(&seen), Some(Duty::Down { node: uuid(3), incarnation: 13 }));
}

#[test]
fn a_learner_that_is_well_votes_while_there_is_room() {
    let mut seen = look(3, 1);
    assert_eq!(duties().due(&seen), Some(Duty::Promote(4)));
    seen.last_log = 1000 + LAG_TO_VOTE + 1;
    assert_eq!(duties().due(&seen), None, "it lags");
    let mut seen = look(3, 1);
    seen.change = Change::UnderWay;
    assert_eq!(duties().due(&seen), None);
    assert_eq!(duties().due(&look(5, 1)), None, "five vote");
}

#[test]
fn who_takes_the_address_of_a_node_that_is_down_takes_its_vote() {
    let mut seen = look(3, 1);
    seen.members[3].at = seen.members[1].at.clone();
    assert_eq!(duties().due(&seen), None, "the other one is not down yet: two votes would be one too many");
    seen.up.retain(|(node, _)| *node != uuid(2));
    assert_eq!(duties().due(&seen), Some(Duty::Replace { old: 2, new: 4 }));
    seen.members[1].voter = false;
    assert_eq!(duties().due(&seen), Some(Duty::Remove(2)));
}

#[test]
fn a_learner_that_waits_for_room_is_not_in_the_way_of_one_that_takes_a_vote() {
    let mut seen = look(5, 2);
    seen.members[6].at = seen.members[1].at.clone();
    seen.up.retain(|(node, _)| *node != uuid(2));
    assert_eq!(duties().due(&seen), Some(Duty::Replace { old: 2, new: 7 }));
}

#[test]
fn nobody_is_taken_out_unless_that_is_set_and_three_stay() {
    let gone = |voters, learners, id| {
        let mut seen = look(voters, learners);
        heard(&mut seen, id, 90);
        seen.up.retain(|(node, _)| *node != uuid(id));
        seen
    };
    assert_eq!(duties().due(&gone(4, 0, 4)), None);
    let mut patient = Duties::new(Patience { remove: Some(SECOND * 60), ..duties().patience });
    assert_eq!(patient.due(&gone(4, 0, 4)), Some(Duty::Remove(4)));
    assert_eq!(patient.due(&gone(3, 0, 3)), None, "three voters never become two");
    assert_eq!(patient.due(&gone(3, 1, 4)), Some(Duty::Remove(4)), "a learner does not count");
}

#[test]
fn a_format_is_raised_once_every_member_reads_it() {
    let mut seen = look(3, 0);
    seen.format = 1;
    assert_eq!(duties().due(&seen), Some(Duty::Raise(2)));
    let contact = |formats| Contact { at: SECOND * 200, applied: 1000, formats, version: "1".into(), draining: false };
    seen.members[2].contact = Some(contact((1, 1)));
    assert_eq!(duties().due(&seen), None);
    seen.members[2].contact = None;
    seen.up.retain(|(node, _)| *node != uuid(3));
    assert_eq!(duties().due(&seen), None, "who is not heard of may be an old one");
}

#[test]
fn leadership_follows_a_senior_that_has_been_well_and_not_too_often() {
    let mut duties = duties();
    let at = |second: u32| {
        let mut seen = look(3, 0);
        seen.up.swap(0, 1);
        seen.now = SECOND * second;
        for id in 1..=3 {
            heard(&mut seen, id, 0);
        }
        seen
    };
    assert_eq!(duties.due(&at(200)), None);
    assert_eq!(duties.due(&at(209)), None);
    assert_eq!(duties.due(&at(210)), Some(Duty::Transfer(2)));
    assert_eq!(duties.due(&at(211)), None, "it is under way");
    assert_eq!(duties.due(&at(240)), Some(Duty::Transfer(2)));
    assert_eq!(duties.due(&at(290)), None);
    assert_eq!(duties.due(&at(300)), Some(Duty::Transfer(2)), "twice as long");
    let mut ill = at(305);
    heard(&mut ill, 2, 3);
    assert_eq!(duties.due(&ill), None);
    assert_eq!(duties.well, None, "it has to be well for a while again");
    let draining = |second| {
        let mut seen = at(second);
        seen.members[1].contact = seen.members[1].contact.take().map(|contact| Contact { draining: true, ..contact });
        seen
    };
    assert_eq!((duties.due(&draining(900)), duties.due(&draining(920))), (None, None), "it is about to stop");
}

#[test]
fn a_change_that_was_left_half_way_is_finished_before_another_one() {
    let mut seen = look(3, 1);
    assert_eq!(duties().due(&seen), Some(Duty::Promote(4)));
    seen.change = Change::HalfWay;
    assert_eq!(duties().due(&seen), Some(Duty::Finish));
    seen.change = Change::UnderWay;
    assert_eq!(duties().due(&seen), None);
}
