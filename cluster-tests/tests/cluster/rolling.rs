//! Every node is stopped and started in turn under load, and no client notices who asks elsewhere when told to.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cluster_tests::history::Outcome;
use cluster_tests::{Cluster, Dice, Plan, Traffic, wait_for};

use crate::{CONFIG, PATIENCE};

/// What leadership may take to be handed over, 3 s, and two elections, the first of which may come to nothing.
const HAND_OVER: Duration = Duration::from_secs(7);

/// Tells how long the machine keeps a thread waiting that wants to go on.
struct Metronome {
    worst: Arc<Mutex<Duration>>,
}

impl Metronome {
    const BEAT: Duration = Duration::from_millis(10);

    fn start() -> Self {
        let worst = Arc::<Mutex<Duration>>::default();
        let watched = Arc::downgrade(&worst);
        std::thread::spawn(move || {
            loop {
                let since = Instant::now();
                std::thread::sleep(Self::BEAT);
                let Some(worst) = watched.upgrade() else { return };
                let mut worst = worst.lock().unwrap();
                *worst = worst.max(since.elapsed() - Self::BEAT);
            }
        });
        Self { worst }
    }

    fn worst(&self) -> Duration {
        *self.worst.lock().unwrap()
    }
}

#[test]
fn a_rolling_restart_fails_no_request() {
    let mut dice = Dice::new("rolling");
    let mut cluster = Cluster::start(3, CONFIG, dice.split());
    let plan = Plan { name: "t".into(), clients: 12, keys: 4, pause: Duration::from_millis(10) };
    let metronome = Metronome::start();
    let traffic = Traffic::start(&cluster.addresses(), &plan, dice.split());
    for node in 0..3 {
        assert!(cluster.stop(node).success(), "{}", cluster.log(node));
        cluster.restart(node);
        wait_for("the node to be ready again", PATIENCE, || match cluster.client(node).get("/system/readiness").status {
            200 => Ok(()),
            other => Err(other.to_string()),
        });
    }
    let record = traffic.stop();
    cluster.settled();
    let open = record.history.operations.iter().filter(|operation| operation.outcome == Outcome::Unknown).count();
    assert_eq!((open, record.without_answer), (0, 0), "requests failed");
    let (gap, late) = (record.longest_gap(), metronome.worst());
    assert!(gap < HAND_OVER + 2 * late, "nothing was written for {gap:?}; the machine kept everybody waiting for {late:?}");
    let clients: Vec<_> = (0..3).map(|node| cluster.client(node)).collect();
    record.judge(&clients);
    cluster.same_state();
}
