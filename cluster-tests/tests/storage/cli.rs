//! The command line.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use cluster_tests::Node;
use cluster_tests::node::{binary, serve};

fn run(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().unwrap()
}

fn said(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

#[test]
fn help_names_every_command_and_flag() {
    let help = run(&["--help"]);
    assert!(help.status.success());
    let (out, err) = said(&help);
    assert!(err.is_empty() && ["serve", "config", "cluster", "state", "recover", "health", "secret"].iter().all(|name| out.contains(name)), "{out}");
    let (out, _) = said(&run(&["serve", "--help"]));
    for word in
        ["--config", "--data-dir", "--domain", "--rest-listen", "HEARTH_ADMIN_PASSWORD", "HEARTH_API_SECRET", "./data", "localhost", "127.0.0.1:9090"]
    {
        assert!(out.contains(word), "{word} is not in {out}");
    }
    assert!(said(&run(&["--version"])).0.starts_with("hearth "));
}

#[test]
fn what_is_not_understood_is_refused() {
    for arguments in [&[][..], &["burn"], &["serve", "--rest-listen", "nowhere"], &["serve", "--domain", "not a domain"], &["state", "--oops"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).0.is_empty() && !said(&output).1.is_empty());
    }
}

#[test]
fn the_example_is_good_and_says_the_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hearth.toml");
    let example = run(&["config", "example"]);
    assert!(example.status.success() && example.stderr.is_empty());
    fs::write(&file, &example.stdout).unwrap();
    let checked = run(&["config", "check", "--config", file.to_str().unwrap()]);
    assert_eq!((checked.status.code(), said(&checked).1), (Some(0), String::new()));
    assert!(said(&checked).0.contains("good"));
    let data = dir.path().join("data");
    let mut command = serve(&data);
    command.arg("--config").arg(&file);
    assert!(Node::spawn(command, &data).stop().success());
}

#[test]
fn a_bad_file_is_named_with_line_and_key() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hearth.toml");
    for (text, words) in
        [("[limits]\n\ndepth = \"deep\"\n", "hearth.toml:3: limits.depth"), ("[limits]\ndept = 3\n", "dept"), ("[limits\n", "hearth.toml:1")]
    {
        fs::write(&file, text).unwrap();
        let output = run(&["config", "check", "--config", file.to_str().unwrap()]);
        let (out, err) = said(&output);
        assert_eq!((output.status.code(), out.as_str(), err.lines().count()), (Some(1), "", 1), "{err}");
        assert!(err.starts_with("hearth: ") && err.contains(words), "{err}");
    }
}

#[test]
fn health_is_asked_of_a_running_node() {
    let node = Node::start();
    let url = format!("http://{}", node.address);
    for arguments in [&["health", "--url", &url][..], &["health", "--ready", "--url", &url]] {
        let output = run(arguments);
        assert_eq!((output.status.code(), said(&output)), (Some(0), Default::default()), "{arguments:?}");
    }
    node.kill();
    let output = run(&["health", "--url", &url]);
    let (out, err) = said(&output);
    assert_eq!((output.status.code(), out.as_str(), err.lines().count()), (Some(1), "", 1), "{err}");
    assert!(err.starts_with(&format!("hearth: {url}/plugins/restapi/v1/system/liveness: ")) && err.contains("refused"), "{err}");
}

#[test]
fn health_says_why_a_node_is_not_live() {
    let node = Node::start();
    node.client().body("POST", "/system/properties", r#"{"key":"xmpp.jmx.port","value":"1100"}"#).is(201);
    let output = run(&["health", "--url", &format!("http://{}", node.address)]);
    let message = "hearth: the node answered 503: Not live: the change of property xmpp.jmx.port needs a restart\n";
    assert_eq!((output.status.code(), said(&output)), (Some(1), (String::new(), message.to_owned())));
}

#[test]
fn a_secret_is_made_once_and_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cluster");
    let make = || run(&["secret", file.to_str().unwrap()]);
    assert_eq!((make().status.code(), said(&make())), (Some(0), Default::default()));
    let secret = fs::read_to_string(&file).unwrap();
    assert!(secret.trim_end().len() == 32 && secret.trim_end().chars().all(|c| c.is_ascii_alphanumeric()));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(make().status.success());
    assert_eq!(fs::read_to_string(&file).unwrap(), secret);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    let output = run(&["secret", "/nowhere/at/all"]);
    assert_eq!((output.status.code(), said(&output).1.lines().count()), (Some(1), 1));
}
