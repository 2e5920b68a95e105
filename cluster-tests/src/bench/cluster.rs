//! `make bench-cluster`: three nodes through one that follows, against etcd's three in the same run; what a killed senior costs;
//! what a node that starts anew costs the others.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Plan;
use super::http::{Connection, request};
use super::load::{Load, Make, interleave};
use super::table::{Table, Target};
use super::three::{Three, all_cores, encoded, etcd, keep_to, wait_for};
use super::writes::{json, property, put};

/// Connections that write, and how many times etcd's rate is wanted.
const WRITES: [(usize, f64); 3] = [(1, 1.0), (64, 2.0), (256, 2.0)];
/// Connections that read, and how many times etcd's rate is wanted.
const READS: [(usize, f64); 1] = [(64, 3.0)];
/// How often the senior is killed.
const KILLS: usize = 20;
/// Properties that are written to.
const KEYS: usize = 256;

fn prepare(three: &Three) {
    for n in 0..KEYS {
        three.client(0).body("POST", "/system/properties", &format!(r#"{{"key":"bench.p{n}","value":"none"}}"#));
    }
}

/// Writes and reads through a node that follows.
pub fn measure(plan: &Plan, table: &mut Table) {
    let room = super::room();
    let Some(others) = etcd(room.path()) else {
        return table.note("Three nodes", "skipped: etcd is not installed");
    };
    for engine in plan.engines() {
        let three = Three::start(room.path(), engine);
        prepare(&three);
        let (_, follower) = three.leader_and_follower();
        let node = three.node(follower);
        let both = |connections, hearth: Make, beside: Make| {
            let loads = [Load::open(node.server(), connections, hearth), Load::open(others[0].server(), connections, beside)];
            interleave(loads, plan.rounds)
        };
        for (connections, times) in WRITES {
            let [hearth, beside] = both(connections, property(0), put(0));
            let what = format!("property PUT through a follower, {connections} connections, {engine}");
            table.versus(&what, hearth, ("etcd", beside), hearth.rate / beside.rate, Target::AtLeast(times));
        }
        for (connections, times) in READS {
            let [hearth, beside] = both(connections, get(), range());
            let what = format!("linearizable GET through a follower, {connections} connections, {engine}");
            table.versus(&what, hearth, ("etcd", beside), hearth.rate / beside.rate, Target::AtLeast(times));
        }
    }
}

fn get() -> Make {
    Arc::new(|connection, _| json("GET", &format!("/system/properties/bench.p{connection}"), ""))
}

/// Linearizable, as is etcd's default.
fn range() -> Make {
    Arc::new(|connection, _| {
        let key = encoded(&format!("bench.p{connection}"));
        request("POST", "/v3/kv/range", &[("Content-Type", "application/json")], &format!(r#"{{"key":"{key}"}}"#))
    })
}

/// Kills the senior again and again under load, and takes the longest time between two successful writes each time.
pub fn kills(table: &mut Table) {
    let room = super::room();
    let mut three = Three::start(room.path(), "sled");
    prepare(&three);
    let mut gaps = Vec::new();
    for kill in 0..KILLS {
        let senior = wait_for("a senior that leads", || three.place_of("senior").filter(|senior| three.place_of("leader") == Some(*senior)));
        let survivor = (0..3).find(|place| *place != senior).expect("another node");
        let address = three.node(survivor).address.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let writing = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || longest_gap(&address, &stop)
        });
        std::thread::sleep(Duration::from_millis(500));
        three.kill(senior);
        std::thread::sleep(Duration::from_secs(4));
        stop.store(true, Ordering::Relaxed);
        gaps.push(writing.join().expect("the writer ends").as_secs_f64() * 1000.0);
        eprintln!("kill {kill}: {:.0} ms", gaps[kill]);
        three.restart(senior, &all_cores());
    }
    gaps.sort_by(f64::total_cmp);
    table.figure("longest gap between writes when the senior, who leads, is killed, median of 20", gaps[KILLS / 2], " ms", Target::None);
    table.figure("the same, the longest of 20", gaps[KILLS - 1], " ms", Target::AtMost(1000.0));
}

/// Writes on one connection until told to stop; a write that is refused is tried again.
fn longest_gap(address: &str, stop: &AtomicBool) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = Connection::open(address).await.expect("the node listens");
        let (make, mut last, mut longest, mut n) = (property(0), Instant::now(), Duration::ZERO, 0);
        while !stop.load(Ordering::Relaxed) {
            n += 1;
            let answer = connection.ask(&make(0, n)).await.expect("an answer");
            if answer.status == 200 {
                longest = longest.max(last.elapsed());
                last = Instant::now();
            }
        }
        longest.max(last.elapsed())
    })
}

/// The core of a node that catches up; the others, and the load, keep to the first. A node has a machine of its own.
const OWN_CORE: &str = "1";

/// A node that was away catches up while the others are under load.
pub fn catch_up(plan: &Plan, table: &mut Table) {
    let room = super::room();
    let mut three = Three::start(room.path(), "sled");
    prepare(&three);
    let (leader, follower) = three.leader_and_follower();
    let late = 3 - leader - follower;
    three.kill(late);
    let mut load = Load::open(three.node(follower).server(), 64, property(0));
    let since = Instant::now();
    let mut written = 0;
    while written < plan.entries {
        written += load.run(Duration::from_secs(5)).latencies.len();
        eprint!("\r{written} entries after {:.0} s", since.elapsed().as_secs_f64());
        let _ = std::io::stderr().flush();
    }
    eprintln!();
    let rate = |load: &mut Load, seconds| {
        let slice = load.run(Duration::from_secs(seconds));
        slice.latencies.len() as f64 / slice.span.as_secs_f64()
    };
    let cores = all_cores();
    if cores == "0-0" {
        return table.note("Catching up", "skipped: that takes two cores");
    }
    keep_to("0", &three);
    let alone = rate(&mut load, 10);
    let back = std::thread::scope(|scope| {
        let restarted = scope.spawn(|| {
            let since = Instant::now();
            three.restart(late, OWN_CORE);
            since.elapsed()
        });
        let mut rates = Vec::new();
        while !restarted.is_finished() || rates.is_empty() {
            rates.push(rate(&mut load, 1));
        }
        (restarted.join().expect("it comes back"), rates)
    });
    keep_to(&cores, &three);
    let kept: Vec<f64> = back.1.iter().map(|rate| rate / alone).collect();
    eprintln!("kept, second by second: {kept:.2?}");
    let (all, least) = (kept.iter().sum::<f64>() / kept.len() as f64, kept.iter().copied().fold(f64::INFINITY, f64::min));
    table.figure(&format!("a node that missed {written} entries is back after"), back.0.as_secs_f64(), " s", Target::None);
    table.figure("what the others keep meanwhile of the rate of the two", all, "", Target::AtLeast(0.8));
    table.figure("the same, in the worst second of them", least, "", Target::None);
}
