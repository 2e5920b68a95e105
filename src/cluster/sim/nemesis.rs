//! What goes wrong: one thing after another, sometimes two at once, and in the end nothing any more.

use std::time::Duration;

use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime;

use super::net::Faults;
use super::types::now;
use super::world::World;
use crate::cluster::group::Group;

/// How long a trouble lasts, in milliseconds.
const TROUBLE: std::ops::Range<u64> = 300..13_000;
/// How long it is quiet in between.
const QUIET: std::ops::Range<u64> = 0..9_000;
/// How long a node that was told to stop is away.
const AWAY: std::ops::Range<u64> = 0..5_000;
/// Long enough for leadership to follow the senior.
const LULL: std::ops::Range<u64> = 12_000..25_000;

/// Makes trouble until then, and leaves everything whole.
pub async fn run(world: World, until: Duration) {
    while now() < until && !world.witness.objects() {
        trouble(&world).await;
        SimRuntime::sleep(world.chance.time(TROUBLE)).await;
        if !world.chance.once_in(4) {
            mend(&world).await;
            let quiet = if world.chance.once_in(5) { LULL } else { QUIET };
            SimRuntime::sleep(world.chance.time(quiet)).await;
        }
    }
    mend(&world).await;
}

/// Nothing is wrong any more, and everybody is there.
async fn mend(world: &World) {
    world.witness.note("mended");
    world.net.heal();
    for host in world.hosts() {
        host.disk.set_slow(false);
    }
    for server in world.net.all() {
        server.process.set_running(true);
    }
    world.start_all().await;
}

async fn trouble(world: &World) {
    let hosts: Vec<usize> = world.hosts().iter().map(|host| host.number).collect();
    let one = *world.chance.pick(&hosts);
    match world.chance.within(0..12) {
        0 => isolate(world, "the leader is isolated", leading(world).unwrap_or(one), &hosts, (true, true)),
        1 => isolate(world, "isolated", one, &hosts, (true, true)),
        2 => isolate(world, "deaf", one, &hosts, (false, true)),
        3 => isolate(world, "mute", one, &hosts, (true, false)),
        4 => split(world, &hosts, None),
        5 => split(world, &hosts, Some(one)),
        6 => crash(world, &[if world.chance.once_in(2) { leading(world).unwrap_or(one) } else { one }]),
        7 => cut_power(world, &hosts).await,
        8 => stop(world, if world.chance.once_in(2) { leading(world).unwrap_or(one) } else { one }),
        9 => slow(world, one),
        10 => leave(world, if world.chance.once_in(2) { leading(world).unwrap_or(one) } else { one }),
        _ => flaky(world, &hosts),
    }
}

fn leading(world: &World) -> Option<usize> {
    let leads = |server: &&std::sync::Arc<super::server::Server>| server.process.leader() == Some(server.process.id);
    world.net.all().iter().find(leads).map(|server| server.process.host)
}

const CUT: Faults = Faults { cut: true, lost: 0, late: 0, twice: 0 };

/// Cuts what goes out of a host, or comes in, or both.
fn isolate(world: &World, what: &'static str, one: usize, hosts: &[usize], (out, into): (bool, bool)) {
    world.witness.note(format!("{one} is {what}"));
    world.witness.count(what);
    for other in hosts.iter().filter(|other| **other != one) {
        if out {
            world.net.set(one, *other, CUT);
        }
        if into {
            world.net.set(*other, one, CUT);
        }
    }
}

/// Cuts the hosts in two, all but one that still reaches both sides.
fn split(world: &World, hosts: &[usize], bridge: Option<usize>) {
    let left: Vec<usize> = hosts.iter().copied().filter(|_| world.chance.once_in(2)).collect();
    world.witness.note(format!("{left:?} are cut off but for {bridge:?}"));
    world.witness.count(if bridge.is_some() { "bridges" } else { "partitions" });
    for (from, to) in hosts.iter().flat_map(|from| hosts.iter().map(move |to| (*from, *to))) {
        if left.contains(&from) != left.contains(&to) && bridge != Some(from) && bridge != Some(to) {
            world.net.set(from, to, CUT);
        }
    }
}

fn crash(world: &World, hosts: &[usize]) {
    world.witness.note(format!("{hosts:?} crash"));
    for host in hosts {
        world.crash(*host);
    }
}

/// Most or all crash at once, while much waits to be synced.
async fn cut_power(world: &World, hosts: &[usize]) {
    for host in world.hosts() {
        host.disk.set_slow(true);
    }
    SimRuntime::sleep(world.chance.time(500..3000)).await;
    crash(world, &hosts.iter().copied().filter(|_| !world.chance.once_in(6)).collect::<Vec<_>>());
    world.witness.count("power cuts");
}

fn stop(world: &World, host: usize) {
    if let Some(server) = world.net.at(host) {
        world.witness.note(format!("{host} is stopped"));
        world.witness.count("stopped");
        server.process.set_running(false);
    }
}

/// An operator restarts it, whatever else goes on.
fn leave(world: &World, host: usize) {
    let world = world.clone();
    drop(SimRuntime::spawn(async move {
        world.leave(host).await;
        SimRuntime::sleep(world.chance.time(AWAY)).await;
        world.start(host).await;
    }));
}

fn slow(world: &World, one: usize) {
    world.witness.note(format!("the disk of {one} is slow"));
    world.witness.count("slow disks");
    for host in world.hosts().iter().filter(|host| host.number == one) {
        host.disk.set_slow(true);
    }
}

fn flaky(world: &World, hosts: &[usize]) {
    world.witness.note("the network is flaky");
    world.witness.count("flaky networks");
    let faults = Faults { cut: false, lost: world.chance.within(5..60), late: world.chance.within(1..12), twice: world.chance.within(2..20) };
    for (from, to) in hosts.iter().flat_map(|from| hosts.iter().map(move |to| (*from, *to))) {
        world.net.set(from, to, faults);
    }
}
