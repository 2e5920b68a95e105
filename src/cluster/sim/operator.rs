//! An operator, who takes nodes out for good while things go wrong. Their hosts come anew, with empty disks.

use std::sync::Arc;

use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime;

use super::server::Server;
use super::world::World;
use crate::cluster::group::Group;
use crate::cluster::leader::Undone;
use crate::raft::NodeId;

/// How long until it asks again, in milliseconds.
const PAUSE: std::ops::Range<u64> = 100..1500;
/// How long a node that was taken out may go on until its host is wiped.
const LEFT: std::ops::Range<u64> = 0..9_000;

/// Takes out so many nodes, one after another.
pub async fn run(world: World, times: u64) {
    for _ in 0..times {
        SimRuntime::sleep(world.chance.time(3_000..20_000)).await;
        let hosts: Vec<_> = world.hosts().into_iter().filter_map(|host| Some((host.number, host.uuid, host.node?))).collect();
        let (host, uuid, node) = *world.chance.pick(&hosts);
        world.witness.leaves(host, uuid);
        let out = take_out(&world, node).await;
        if out {
            SimRuntime::sleep(world.chance.time(LEFT)).await;
            if world.net.at(host).is_some_and(|server| server.process.stopped.borrow().is_some()) {
                world.witness.count("told to stop");
            }
            world.wipe(host).await;
        }
        world.witness.left(uuid);
        if out {
            world.join(host).await;
        }
    }
}

/// Asks whoever leads until it is known what came of it; whether the node is out.
async fn take_out(world: &World, node: NodeId) -> bool {
    while !world.witness.objects() {
        let leads = |server: &Arc<Server>| server.process.leader() == Some(server.process.id);
        // Some may only think that they lead.
        let leaders: Vec<_> = world.net.all().into_iter().filter(leads).collect();
        if !leaders.is_empty() {
            let server = world.chance.pick(&leaders);
            world.witness.note(format!("node {node} is to be taken out"));
            match server.take_out(node).await {
                Some(Ok(())) => {
                    world.witness.count("taken out");
                    return true;
                }
                // Nobody knows it any more: an earlier try was carried out, if only later. Or it leads.
                Some(Err(Undone::Refused(why))) => return why.starts_with("there is no node"),
                Some(Err(Undone::NotNow(_))) | None => {}
            }
        }
        SimRuntime::sleep(world.chance.time(PAUSE)).await;
    }
    false
}
