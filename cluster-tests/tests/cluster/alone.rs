//! One node that is killed and paused under traffic: what holds of many must hold of one.

use std::time::Duration;

use cluster_tests::cluster::free_address;
use cluster_tests::node::serve_at;
use cluster_tests::{Dice, Node, Plan, Traffic};

#[test]
fn a_node_alone_that_is_killed_acts_once_and_in_one_order() {
    let mut dice = Dice::new("alone");
    let dir = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut node = Node::spawn(serve_at(dir.path(), &address), dir.path());
    let plan = Plan { name: "t".into(), clients: 8, keys: 3, pause: Duration::from_millis(5) };
    let traffic = Traffic::start(std::slice::from_ref(&address), &plan, dice.split());
    for round in 0..6 {
        std::thread::sleep(dice.time(Duration::from_secs(1)));
        if round % 3 == 2 {
            node.signal("STOP");
            std::thread::sleep(dice.time(Duration::from_millis(500)));
            node.signal("CONT");
        } else {
            node.kill();
            node = Node::spawn(serve_at(dir.path(), &address), dir.path());
        }
    }
    traffic.stop().judge(&[node.client().json()]);
}
