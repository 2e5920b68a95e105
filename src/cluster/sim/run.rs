//! One simulation, from a seed to a verdict.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime;

use super::chance::Chance;
use super::clients::Client;
use super::server::{Server, Setup};
use super::types::now;
use super::witness::Witness;
use super::world::World;
use super::{nemesis, operator};
use crate::cluster::duties::{Patience, VOTERS};
use crate::cluster::group::{Group, Seat};
use crate::state::{Command, bytes, properties};

/// How long everything may take to be well once nothing goes wrong any more.
const RECOVERY: Duration = Duration::from_secs(90);
/// How long leadership may take to follow the senior: transfers that failed are tried again ever later.
const SENIORITY: Duration = Duration::from_secs(1200);

/// Which nodes read only format 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formats {
    /// None.
    New,
    /// One of the first, until it is replaced.
    OneOld,
    /// All, until they are replaced one after another.
    AllOld,
    /// One of the first, until it is replaced, and one that comes later.
    OldComes,
}

/// What a seed stands for.
#[derive(Clone, Debug)]
pub struct Plan {
    setup: Setup,
    later: u64,
    formats: Formats,
    /// How many nodes are taken out.
    removals: u64,
    clients: u64,
    trouble: Duration,
}

impl Plan {
    fn of(chance: &Chance) -> Self {
        let down = chance.within(1500..6000);
        let (fence, down) = if chance.once_in(2) { (3000, 5000) } else { (chance.within(down / 2..down), down) };
        let (ms, transfer) = (Duration::from_millis, Duration::from_secs(10));
        let setup = Setup {
            fence_after: ms(fence),
            patience: Patience { down: ms(down), transfer, remove: None },
            snapshot_after: chance.within(40..600),
            kept: chance.within(0..100),
        };
        Self {
            setup,
            later: if chance.once_in(2) { 0 } else { chance.within(1..4) },
            formats: *chance.pick(&[Formats::New, Formats::New, Formats::OneOld, Formats::AllOld, Formats::OldComes]),
            removals: chance.within(0..3),
            clients: chance.within(2..5),
            trouble: chance.time(20_000..45_000),
        }
    }

    fn newest(&self, host: usize) -> u8 {
        match self.formats {
            Formats::AllOld if host < 3 => 1,
            Formats::OneOld if host == 0 => 1,
            Formats::OldComes if host == 0 || host == 3 => 1,
            _ => bytes::NEWEST,
        }
    }
}

/// What came of a simulation.
pub struct Verdict {
    /// What must not have happened.
    pub objections: Vec<String>,
    /// What happened, if it was traced.
    pub trace: Vec<String>,
    /// How often what happened.
    pub tally: BTreeMap<&'static str, u64>,
}

/// Simulates what this seed stands for.
pub fn simulate(seed: u64, traced: bool) -> Verdict {
    let chance = Chance::new(seed);
    let witness = Witness::new(traced);
    let mut runtime = SimRuntime::with_seed(chance.draw());
    runtime.block_on(story(chance, witness.clone()));
    let (objections, trace, tally) = witness.verdict();
    Verdict { objections, trace, tally }
}

async fn story(chance: Chance, witness: Witness) {
    let plan = Plan::of(&chance);
    witness.note(format!("{plan:?}"));
    let world = World::new(chance, witness, plan.setup.clone());
    let comers = form(&world, &plan).await;
    let client = Client { net: world.net.clone(), witness: world.witness.clone(), chance: world.chance.fork(), stop: now() + plan.trouble };
    for _ in 0..plan.clients {
        let client = Client { chance: world.chance.fork(), ..client.clone() };
        drop(SimRuntime::spawn(client.run(5..world.chance.within(100..1500))));
    }
    let replaced = SimRuntime::spawn(replace(world.clone(), plan.clone()));
    let removals = SimRuntime::spawn(operator::run(world.clone(), plan.removals));
    nemesis::run(world.clone(), now() + plan.trouble).await;
    if SimRuntime::timeout(RECOVERY, removals).await.is_err() {
        world.witness.object("the operator gets no answer");
    }
    if SimRuntime::timeout(RECOVERY, replaced).await.is_err() {
        world.witness.object("old releases are not replaced");
    }
    recover(&world, comers).await;
    settle(&world, &client).await;
}

/// The first three form the cluster; others come while things go wrong. How many are to be there in the end.
async fn form(world: &World, plan: &Plan) -> usize {
    let later = if plan.formats == Formats::OldComes { plan.later.max(1) } else { plan.later };
    let count = 3 + usize::try_from(later).unwrap();
    for host in 0..count {
        world.add(plan.newest(host));
    }
    world.found(0).await;
    for host in 1..count {
        let (world, after) = (world.clone(), if host < 3 { 0..1500 } else { 0..40_000 });
        drop(SimRuntime::spawn(async move {
            SimRuntime::sleep(world.chance.time(after)).await;
            world.join(host).await;
        }));
    }
    SimRuntime::sleep(world.chance.time(0..8000)).await;
    count
}

/// Old releases are replaced one after another.
async fn replace(world: World, plan: Plan) {
    let old = (0..3).filter(|host| plan.newest(*host) == 1);
    for host in old {
        SimRuntime::sleep(world.chance.time(3_000..15_000)).await;
        world.upgrade(host, bytes::NEWEST).await;
    }
}

/// Everything is well again in time.
async fn recover(world: &World, hosts: usize) {
    let until = now() + RECOVERY;
    loop {
        let Err(why) = is_well(world, hosts) else { return };
        if world.witness.objects() {
            return;
        }
        if now() > until {
            return world.witness.object(format!("not well again: {why}"));
        }
        SimRuntime::sleep(Duration::from_millis(200)).await;
    }
}

fn is_well(world: &World, hosts: usize) -> Result<(), String> {
    let all = world.net.all();
    let refused = world.hosts().iter().filter(|host| host.refused).count();
    let there = hosts - refused;
    if all.len() != there {
        return Err(format!("{} of {there} nodes are there", all.len()));
    }
    let leader = all[0].process.leader();
    for server in &all {
        let process = &server.process;
        let announced = process.incarnation.borrow().is_some_and(|life| process.views.load().nodes.is_up(process.own.uuid, life));
        let voters = process.listed().iter().filter(|member| member.voter).count();
        if let Some(why) = &*process.stopped.borrow() {
            world.witness.object(format!("{} is told: {why}", process.host));
        }
        let faults = [
            (leader.is_none() || process.leader() != leader, "does not know who leads"),
            (!process.fence.is_on(), "does not serve"),
            (!announced, "is not announced"),
            (process.listed().len() != there, "does not know all members"),
            (voters != there.min(VOTERS), "does not see all votes"),
            (process.views.load().nodes.len() != there, "does not see all up"),
            (process.applied() != all[0].process.applied(), "has not applied all"),
        ];
        if let Some((_, what)) = faults.iter().find(|(fault, _)| *fault) {
            return Err(format!("{} {what}", process.host));
        }
    }
    Ok(())
}

/// In the end everybody answers, all know the same, and the senior leads.
async fn settle(world: &World, client: &Client) {
    if world.witness.objects() {
        return;
    }
    for server in world.net.all() {
        // Now and then a fence closes for a moment: what it had asked the leader was lost while things still went wrong.
        let until = now() + RECOVERY;
        while !client.read(&server).await {
            if now() > until {
                return world.witness.object(format!("{} does not read", server.process.host));
            }
            SimRuntime::sleep(Duration::from_millis(100)).await;
        }
    }
    let last = Command::Properties(properties::Command::Set { key: "last".into(), value: "1".into() });
    if client.write(last).await.is_none() {
        world.witness.object("a write is not answered");
    }
    if world.chance.once_in(8) {
        follow(world).await;
    }
    compare(world).await;
}

/// All know the same, once what clients have given up is done too.
async fn compare(world: &World) {
    let (all, until) = (world.net.all(), now() + RECOVERY);
    let applied = |server: &Arc<Server>| server.process.applied();
    while all.iter().any(|server| applied(server) != applied(&all[0])) {
        if now() > until {
            return world.witness.object("not all is applied everywhere");
        }
        SimRuntime::sleep(Duration::from_millis(50)).await;
    }
    for server in &all {
        world.witness.read(world.witness.floor(), &server.process.views.load());
    }
    let sums: Vec<_> = all.iter().map(|server| server.process.views.load().checksum()).collect();
    if sums.iter().any(|sum| *sum != sums[0]) {
        world.witness.object(format!("the states differ at {}", applied(&all[0])));
    }
}

/// Leadership follows the senior.
async fn follow(world: &World) {
    let until = now() + SENIORITY;
    let follows = |server: &Arc<Server>| {
        let senior = server.process.views.load().nodes.senior().map(|member| member.node);
        let voter = server.process.listed().into_iter().find(|member| member.address.as_ref().map(|address| address.uuid) == senior);
        voter.is_some_and(|voter| !voter.voter || server.process.leader() == Some(voter.id))
    };
    while !world.net.all().iter().all(follows) {
        if now() > until {
            return world.witness.object("the senior does not lead");
        }
        SimRuntime::sleep(Duration::from_secs(1)).await;
    }
    world.witness.count("the senior leads");
}
