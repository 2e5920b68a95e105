//! How the kernel schedules a node's threads.

use std::path::Path;
use std::process::{Command, Stdio};

use cluster_tests::Node;
use cluster_tests::node::serve;

const SCHED_BATCH: u32 = 3;
const SCHED_IDLE: u32 = 5;

/// A node on `data` whose command line comes after this one.
fn behind(wrapper: &[&str], data: &Path) -> Node {
    let bare = serve(data);
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).arg(bare.get_program()).args(bare.get_args());
    command.envs(bare.get_envs().filter_map(|(key, value)| Some((key, value?)))).env_remove("HEARTH_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    Node::spawn(command, data)
}

/// The niceness and the policy of each thread of a process, which are the 19th and the 41st field; see proc(5).
fn threads(process: &str) -> Vec<(i32, u32)> {
    let task = |entry: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(entry.unwrap().path().join("stat")).ok()?; // a thread may end meanwhile
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        Some((fields[19 - 3].parse().unwrap(), fields[41 - 3].parse().unwrap()))
    };
    std::fs::read_dir(format!("/proc/{process}/task")).unwrap().filter_map(task).collect()
}

/// What all threads of a node are that is started like this, beside our own niceness.
fn started(wrapper: &[&str]) -> (i32, u32) {
    let dir = tempfile::tempdir().unwrap();
    let node = behind(wrapper, dir.path());
    let threads = threads(&node.pid().to_string());
    assert!(threads.len() > 3 && threads.iter().all(|thread| *thread == threads[0]), "{threads:?}");
    threads[0]
}

#[test]
fn all_threads_work_in_batches_and_are_as_nice_as_they_were_told() {
    let (own, _) = threads("self")[0];
    for more in [0, 3, 11] {
        assert_eq!(started(&["nice", "-n", &more.to_string()]), ((own + more).min(19), SCHED_BATCH));
    }
}

#[test]
fn a_policy_of_the_operators_choice_stays() {
    assert_eq!(started(&["chrt", "--idle", "0"]).1, SCHED_IDLE);
}
