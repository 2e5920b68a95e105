//! Creating users, against the password hash alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hearth::base::secrets::{DEFAULT_ITERATIONS, Verifier};

use super::http::request;
use super::load::{Load, Make, SLICE, WARM_UP};
use super::reads::basic;
use super::stats::{Slice, Summary};
use super::table::{Table, Target};
use super::usage::Usage;
use super::{Plan, node};
use crate::rest::BASE;

const CONNECTIONS: usize = 16;

/// See the module.
pub fn measure(plan: &Plan, table: &mut Table) {
    let room = super::room();
    for engine in plan.engines() {
        let node = node(&room.path().join(engine), engine);
        let authorization = basic();
        let make: Make = Arc::new(move |connection, n| {
            let body = format!(r#"{{"username":"u{connection}-{n}","password":"correct horse"}}"#);
            request("POST", &format!("{BASE}/users"), &[("Authorization", &authorization), ("Content-Type", "application/json")], &body)
        });
        let mut load = Load::open(node.server(), CONNECTIONS, make);
        load.run(WARM_UP);
        hash(WARM_UP);
        let (mut hearth, mut alone) = (Vec::new(), Vec::new());
        for _ in 0..plan.rounds {
            hearth.push(load.run(SLICE));
            alone.push(hash(SLICE));
        }
        let (a, b) = (Summary::of(&hearth), Summary::of(&alone));
        let what = format!("Creating users, {CONNECTIONS} connections, {engine}");
        table.versus(&what, a, ("the hash alone, all cores", b), a.rate / b.rate, Target::AtLeast(0.8));
    }
}

/// Hashes on every core for so long.
fn hash(span: Duration) -> Slice {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let begin = Instant::now();
    let work = move || {
        let mut latencies = Vec::new();
        while begin.elapsed() < span {
            let one = Instant::now();
            std::hint::black_box(Verifier::derive("correct horse", [7; 16], DEFAULT_ITERATIONS));
            latencies.push(u32::try_from(one.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
        latencies
    };
    let threads: Vec<_> = (0..cores).map(|_| std::thread::spawn(work)).collect();
    let latencies = threads.into_iter().flat_map(|thread| thread.join().expect("it ends")).collect();
    Slice { latencies, span: begin.elapsed(), usage: Usage::default() }
}
