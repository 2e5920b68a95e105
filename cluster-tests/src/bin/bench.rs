//! `make bench`: measures the release build of `hearth` and prints a table.
//!
//! `bench [MEASURE…] [--users N] [--rounds N] [--entries N] [--engine NAME]`; measures are `get`, `write`, `create`, `million`; none named is all of
//! these. Of a cluster: `cluster`, `kills`, `catch-up`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;

use cluster_tests::bench::{Plan, contenders, run};

fn main() {
    let mut args = std::env::args().skip(1);
    let mut plan = Plan { only: Vec::new(), many: 1_000_000, rounds: 7, entries: 1_000_000, engine: None };
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|text| text.parse().ok()).expect("a number follows");
        match arg.as_str() {
            contenders::BARE => return contenders::serve_bare(&args.next().expect("a body")),
            "--users" => plan.many = number(),
            "--rounds" => plan.rounds = number(),
            "--entries" => plan.entries = number(),
            "--engine" => plan.engine = Some(args.next().expect("an engine's name")),
            _ => plan.only.push(arg),
        }
    }
    if std::env::var_os("HEARTH_BIN").is_none() {
        build();
    }
    install_etcd();
    run(&plan);
}

/// The binary beside this one, as it is now.
fn build() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo).args(["build", "--release", "--workspace", "--bins", "--quiet"]).status();
    assert!(built.is_ok_and(|status| status.success()), "hearth does not build");
}

/// Where it is missing and this machine lets us; else those measures are skipped.
fn install_etcd() {
    let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !there("etcd") && there("apt-get") {
        let _ = Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", "etcd-server"]).output();
    }
}
