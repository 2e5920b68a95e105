//! What a leader must not do: change a membership that it is not sure of, or two things at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::*;
use crate::cluster::contacts::Contact;
use crate::cluster::group::{Group, Lost, Standing, Unsure};
use crate::raft::Whereabouts;
use crate::wire::cluster::ContactRequest;

const ME: NodeId = 1;
/// The index of every blank entry.
const BLANK: u64 = 9;

/// A leader's seat among members that agree to everything, and what was done there. Its time is short.
#[derive(Clone)]
struct Agreeing(Arc<Inner>);

struct Inner {
    sure: AtomicBool,
    step: Mutex<Change>,
    listed: Mutex<Vec<Listed>>,
    whereabouts: Whereabouts,
    done: Mutex<Vec<String>>,
    /// One permit for each blank entry that may be written.
    blanks: Semaphore,
    /// What happens while the leader waits a moment for the first time.
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Agreeing {
    fn new() -> Self {
        let me = Listed { id: ME, address: Some(address(1)), voter: true };
        Self(Arc::new(Inner {
            sure: AtomicBool::new(true),
            step: Mutex::new(Change::None),
            listed: Mutex::new(vec![me]),
            whereabouts: Whereabouts::default(),
            done: Mutex::default(),
            blanks: Semaphore::new(0),
            meanwhile: Mutex::default(),
        }))
    }

    fn did(&self, what: impl Into<String>) {
        self.0.done.lock().unwrap().push(what.into());
    }

    fn done(&self) -> Vec<String> {
        self.0.done.lock().unwrap().clone()
    }
}

impl Group for Agreeing {
    fn me(&self) -> NodeId {
        ME
    }

    fn leader(&self) -> Option<NodeId> {
        Some(ME)
    }

    async fn breath(&self) {
        let meanwhile = self.0.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    async fn write(&self, _: Bytes) -> Result<u64, Unsure> {
        self.did("write");
        Ok(BLANK)
    }

    async fn write_at(&self, _: NodeId, _: Bytes) -> Result<u64, Unsure> {
        Err(Unsure::Retry)
    }

    async fn read_index(&self) -> Result<u64, Unsure> {
        if self.0.sure.load(Ordering::Relaxed) { Ok(0) } else { Err(Unsure::Retry) }
    }

    async fn read_index_at(&self, _: NodeId) -> Result<u64, Unsure> {
        Err(Unsure::Retry)
    }

    fn applied(&self) -> u64 {
        0
    }

    async fn reach(&self, _: u64) {}

    async fn fenced(&self) {
        std::future::pending().await
    }

    async fn within<T: Send>(&self, limit: Duration, work: impl Future<Output = T> + Send) -> Option<T> {
        tokio::time::timeout(limit / 20, work).await.ok()
    }
}

impl Seat for Agreeing {
    fn cluster(&self) -> Uuid {
        Uuid::from_u128(0xC)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn set_fence(&self, _: bool) {}

    fn standing(&self) -> Standing {
        Standing { leader: Some(ME), term: 1, last_log: 0, change: *self.0.step.lock().unwrap() }
    }

    fn listed(&self) -> Vec<Listed> {
        self.0.listed.lock().unwrap().clone()
    }

    fn whereabouts(&self) -> &Whereabouts {
        &self.0.whereabouts
    }

    fn furthest(&self) -> Option<NodeId> {
        None
    }

    async fn write_blank(&self) -> Result<u64, String> {
        self.0.blanks.acquire().await.unwrap().forget();
        self.did("blank");
        Ok(BLANK)
    }

    async fn add_learner(&self, id: NodeId, address: &Address) -> Result<(), String> {
        self.did(format!("learner {id}"));
        self.0.listed.lock().unwrap().push(Listed { id, address: Some(address.clone()), voter: false });
        Ok(())
    }

    async fn change(&self, _: ChangeMembers<NodeId, BasicNode>) -> Result<(), String> {
        self.did("change");
        *self.0.step.lock().unwrap() = Change::None;
        Ok(())
    }

    async fn transfer(&self, _: NodeId) -> Result<(), String> {
        self.did("transfer");
        Ok(())
    }

    async fn contact(&self, _: NodeId, _: ContactRequest) -> Result<u64, Lost> {
        Err(Lost::ForNow("it leads itself".into()))
    }

    async fn join(&self, _: NodeId, _: JoinRequest) -> Result<JoinResponse, String> {
        Err("it leads itself".into())
    }

    async fn join_via(&self, _: &str, _: JoinRequest) -> Result<JoinResponse, String> {
        Err("it leads itself".into())
    }
}

fn address(n: u128) -> Address {
    Address { uuid: Uuid::from_u128(n), at: format!("n{n}:1") }
}

fn newcomer() -> Applicant {
    Applicant { address: address(2), had: None, format: 1, process: None }
}

/// A seat, and its leader, who has heard of itself that it reads formats up to 2.
fn leader() -> (Agreeing, Leader<Agreeing>) {
    let (seat, contacts) = (Agreeing::new(), Contacts::default());
    contacts.note(ME, Contact { at: Duration::ZERO, applied: 0, formats: (1, 2), version: String::new(), draining: false });
    (seat.clone(), Leader::new(seat, Views::default(), contacts))
}

#[tokio::test]
async fn a_newcomer_is_taken_in_once() {
    let (seat, leader) = leader();
    seat.0.blanks.add_permits(1);
    assert_eq!(leader.take_in(&newcomer()).await, Ok(BLANK));
    assert_eq!(leader.take_in(&newcomer()).await, Ok(BLANK));
    assert_eq!(seat.done(), ["blank", "learner 9"]);
}

#[tokio::test]
async fn who_is_not_sure_to_lead_or_amid_a_change_takes_nobody_in_and_refuses_nobody() {
    let (seat, leader) = leader();
    seat.0.blanks.add_permits(2);
    let stranger = Applicant { had: Some((Uuid::from_u128(0xD), 5)), ..newcomer() };
    for (sure, step) in [(false, Change::None), (true, Change::UnderWay), (true, Change::HalfWay)] {
        seat.0.sure.store(sure, Ordering::Relaxed);
        *seat.0.step.lock().unwrap() = step;
        for applicant in [newcomer(), stranger.clone()] {
            let undone = leader.take_in(&applicant).await;
            assert!(matches!(undone, Err(Undone::NotNow(_))), "{undone:?}");
        }
    }
    assert_eq!(seat.done(), [""; 0]);
}

#[tokio::test]
async fn who_is_not_sure_to_lead_or_amid_a_change_says_of_nobody_that_it_is_out() {
    let (seat, leader) = leader();
    for (sure, step) in [(false, Change::None), (true, Change::UnderWay), (true, Change::HalfWay)] {
        seat.0.sure.store(sure, Ordering::Relaxed);
        *seat.0.step.lock().unwrap() = step;
        let undone = leader.take_out(7).await;
        assert!(matches!(undone, Err(Undone::NotNow(_))), "{undone:?}");
    }
    *seat.0.step.lock().unwrap() = Change::None;
    assert!(matches!(leader.take_out(7).await, Err(Undone::Refused(_))));
}

fn voters(seat: &Agreeing, numbers: &[u64]) {
    let voter = |id: &u64| Listed { id: *id, address: Some(address(u128::from(*id))), voter: true };
    *seat.0.listed.lock().unwrap() = numbers.iter().map(voter).collect();
}

/// The change would need those who are silent, and nothing could be decided until they are back.
#[tokio::test]
async fn a_voter_is_not_taken_out_where_too_few_of_the_others_answer() {
    let (seat, leader) = leader();
    voters(&seat, &[ME, 2, 3]);
    let undone = leader.take_out(3).await;
    assert!(matches!(&undone, Err(Undone::NotNow(why)) if why.ends_with("silent: [2]")), "{undone:?}");
    assert_eq!(seat.done(), [""; 0]);
    let (contact, contacts) = (leader.contacts.of(ME).unwrap(), leader.contacts.clone());
    *seat.0.meanwhile.lock().unwrap() = Some(Box::new(move || contacts.note(2, contact)));
    assert_eq!((leader.take_out(3).await, seat.done()), (Ok(()), vec!["change".to_owned()]));
}

#[tokio::test]
async fn a_member_of_a_full_cluster_has_its_new_address_noted() {
    let (seat, leader) = leader();
    voters(&seat, &(1..=nodes::MEMBERS as u64).collect::<Vec<_>>());
    let had = Some((seat.cluster(), 2));
    let moved = Applicant { address: Address { at: "elsewhere:1".into(), ..address(2) }, had, ..newcomer() };
    assert_eq!(leader.take_in(&moved).await, Ok(2));
    let stranger = Applicant { address: address(1 << 80), ..newcomer() };
    assert!(matches!(leader.take_in(&stranger).await, Err(Undone::Refused(_))));
    assert_eq!(seat.done(), ["change"]);
}

/// Whoever runs on a copy of its data would be spoken to in its place.
#[tokio::test]
async fn the_address_of_a_member_that_lives_is_not_that_of_another_process() {
    let (seat, leader) = leader();
    voters(&seat, &[ME, 2]);
    let moved = |node: NodeId, process| {
        let address = Address { at: "elsewhere:1".into(), ..address(u128::from(node)) };
        Applicant { address, had: Some((seat.cluster(), node)), format: 1, process: Some(process) }
    };
    let (first, second) = (Uuid::from_u128(8), Uuid::from_u128(9));
    leader.contacts.speaks(2, first, seat.now());
    assert!(matches!(leader.take_in(&moved(2, second)).await, Err(Undone::NotNow(_))));
    assert!(matches!(leader.take_in(&moved(ME, second)).await, Err(Undone::Refused(_))));
    assert_eq!(seat.done(), [""; 0]);
    assert_eq!(leader.take_in(&moved(2, first)).await, Ok(2));
    assert_eq!(leader.take_in(&moved(ME, process())).await, Ok(ME));
    assert_eq!(seat.done(), ["change", "change"]);
}

#[tokio::test]
async fn a_format_is_not_raised_while_a_node_is_taken_in_that_may_not_read_it() {
    let (seat, leader) = leader();
    let newcomer = newcomer();
    let (joined, raised, ()) = tokio::join!(biased; leader.take_in(&newcomer), leader.raise(2), async { seat.0.blanks.add_permits(1) });
    assert_eq!(joined, Ok(BLANK));
    assert!(matches!(raised, Err(Undone::NotNow(_))), "{raised:?}");
    assert_eq!(seat.done(), ["blank", "learner 9"]);
}

#[tokio::test]
async fn a_format_that_all_members_read_is_raised() {
    let (seat, leader) = leader();
    assert_eq!(leader.raise(2).await, Ok(()));
    assert_eq!(seat.done(), ["write"]);
}

#[tokio::test]
async fn a_change_that_was_left_half_way_is_brought_to_its_end_and_no_other_one() {
    let (seat, leader) = leader();
    for step in [Change::None, Change::UnderWay] {
        *seat.0.step.lock().unwrap() = step;
        assert_eq!(leader.finish().await, Ok(()));
        assert_eq!(seat.done(), [""; 0], "{step:?}");
    }
    *seat.0.step.lock().unwrap() = Change::HalfWay;
    assert_eq!(leader.finish().await, Ok(()));
    assert_eq!(leader.finish().await, Ok(()));
    assert_eq!(seat.done(), ["change"]);
}
