//! When a node must not start: one line, a failing exit code, and nothing changed.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use cluster_tests::Node;
use cluster_tests::node::{DOMAIN, binary, serve};

use super::tools::{files, held, refusal, state};

/// A command to serve, with nothing said but this.
fn bare(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(["serve", "--data-dir"]).arg(data).args(arguments);
    command.env("HEARTH_ADMIN_PASSWORD", "p").env("HEARTH_API_SECRET", "s").env_remove("HEARTH_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn a_second_process_on_the_same_directory() {
    let node = Node::start();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &node.pid().to_string()]).status().unwrap().success());
    // Held still, so that whatever changes is the second one's doing.
    signal("-STOP");
    let before = files(node.data());
    assert!(refusal(serve(node.data())).contains("is in use by another process"));
    assert!(refusal(state(node.data())).contains("is in use by another process"));
    assert!(files(node.data()) == before, "nothing is changed");
    signal("-CONT");
    assert_eq!(node.client().get("/users/admin").status, 200, "the first goes on");
    assert!(node.stop().success());
}

#[test]
fn a_taken_port() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = dir.path().join("data");
    let said = refusal(bare(&data, &["--rest-listen", &address]));
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert!(!data.exists(), "nothing is made");
}

#[test]
fn a_bad_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let (file, data) = (dir.path().join("hearth.toml"), dir.path().join("data"));
    let says = |text: &str, words: &str| {
        fs::write(&file, text).unwrap();
        let said = refusal(bare(&data, &["--config", file.to_str().unwrap()]));
        assert!(said.contains("hearth.toml:2") && said.contains(words), "{said}");
    };
    says("[rest]\nworkerz = 3\n", "workerz");
    says("[rest]\nlisten = \"nowhere\"\n", "rest.listen");
    says("[limits]\nbody_bytes = 0\n", "limits.body_bytes");
    says("[log]\nfilter = 3\n", "log.filter");
    let absent = dir.path().join("absent.toml");
    assert!(refusal(bare(&data, &["--config", absent.to_str().unwrap()])).contains("absent.toml"));
    let mut filter = bare(&data, &[]);
    filter.env("HEARTH_LOG", "hearth=oops");
    assert!(refusal(filter).contains("HEARTH_LOG"));
    let mut empty = bare(&data, &[]);
    empty.env("HEARTH_ADMIN_PASSWORD", "");
    assert!(refusal(empty).contains("HEARTH_ADMIN_PASSWORD is empty"));
    assert!(!data.exists(), "nothing is made");
}

#[test]
fn a_directory_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "in the way").unwrap();
    for data in [file.join("data"), file.clone(), Path::new("/proc/hearth").to_owned()] {
        let said = refusal(bare(&data, &["--rest-listen", "127.0.0.1:0"]));
        assert!(said.contains("cannot open the data directory") && said.contains(data.to_str().unwrap()), "{said}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"in the way");
}

#[test]
fn another_domain_than_the_stored_one() {
    let dir = tempfile::tempdir().unwrap();
    Node::start_on(dir.path()).stop();
    let before = held(dir.path());
    let said = refusal(bare(dir.path(), &["--rest-listen", "127.0.0.1:0", "--domain", "other.example"]));
    assert!(said.contains(&format!("belongs to the domain {DOMAIN}, not to other.example")), "{said}");
    assert_eq!(held(dir.path()), before);
    // Not asked for, it is the stored one.
    let node = Node::spawn(bare(dir.path(), &["--rest-listen", "127.0.0.1:0"]), dir.path());
    assert!(node.log().contains(&format!(r#""domain":"{DOMAIN}""#)), "{}", node.log());
}

#[test]
fn a_log_without_its_identity_and_an_identity_without_its_log() {
    let dir = tempfile::tempdir().unwrap();
    Node::start_on(dir.path()).stop();
    let identity = dir.path().join("node.json");
    let kept = fs::read_to_string(&identity).unwrap();

    fs::remove_file(&identity).unwrap();
    assert!(refusal(serve(dir.path())).contains("its node.json is missing"));
    assert!(!identity.exists(), "no new one is made");

    let cluster = kept.find("cluster_id").unwrap() + r#"cluster_id": ""#.len();
    let mut other = kept.clone();
    let digit = if &kept[cluster..=cluster] == "0" { "1" } else { "0" };
    other.replace_range(cluster..=cluster, digit);
    fs::write(&identity, other).unwrap();
    assert!(refusal(serve(dir.path())).contains("belongs to another one"));

    fs::write(&identity, &kept).unwrap();
    let (log, aside) = (dir.path().join("log"), dir.path().join("aside"));
    fs::rename(&log, &aside).unwrap();
    assert!(refusal(serve(dir.path())).contains("its log is gone"));
    assert!(!log.exists(), "no new one is made");

    fs::rename(&aside, &log).unwrap();
    assert!(Node::start_on(dir.path()).stop().success());
}

#[test]
fn a_directory_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    assert!(refusal(state(dir.path())).contains("is not a data directory"));
    assert!(files(dir.path()).is_empty(), "looking at it makes nothing");
}
