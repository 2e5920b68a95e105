//! The containers are started with flags that the binary knows, on the ports that it is told.

use std::process::Command;

use cluster_tests::node::binary;

use super::text;

/// The long flags in a text, without their values.
fn flags(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned).collect()
}

fn help(command: &str) -> String {
    String::from_utf8(Command::new(binary()).args([command, "--help"]).output().unwrap().stdout).unwrap()
}

/// The part of a text between two others.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

#[test]
fn nodes_are_started_with_flags_that_there_are() {
    let (compose, script, image) = (text("docker-compose.yml"), text(".deploy/cluster.sh"), text("Dockerfile"));
    let last_stage = image.split_once("FROM scratch").unwrap().1;
    let started =
        [between(&compose, "entrypoint:", "environment:"), between(&script, "\"$hearth\" serve", "> >("), last_stage.split_once("\nCMD ").unwrap().1];
    let known = help("serve");
    for part in started.into_iter().chain(compose.lines().filter(|line| line.contains("command: [\"--"))) {
        let flags = flags(part);
        assert!(!flags.is_empty(), "{part}");
        for flag in flags {
            assert!(known.contains(&format!("{flag} ")), "`hearth serve` does not know {flag}");
        }
    }
    for health in [between(&compose, "test: [", "]"), between(last_stage, "CMD [", "]")] {
        assert!(health.contains("\"/hearth\", \"health\""), "{health}");
        flags(health).iter().for_each(|flag| assert!(help("health").contains(flag), "{flag}"));
    }
}

#[test]
fn each_node_has_a_name_a_port_and_a_volume_of_its_own() {
    let compose = text("docker-compose.yml");
    for n in 1..=3 {
        let (from, to) = (format!("\n  node{n}:\n"), "\n\n");
        let node = between(&compose, &from, to);
        for own in
            [format!("hostname: node{n}"), format!("--cluster-advertise=node{n}:5275"), format!("127.0.0.1:909{n}:9090"), format!("data{n}:/data")]
        {
            assert!(node.contains(&own), "{own} is not in {node}");
        }
    }
    let seeds = "--cluster-seeds=node1:5275,node2:5275,node3:5275";
    assert!(compose.contains(seeds) && text(".deploy/haproxy.cfg").contains("node1:9090"));
}
