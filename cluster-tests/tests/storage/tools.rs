//! What several of these tests need.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

pub use cluster_tests::Dice;
use cluster_tests::Node;
use cluster_tests::node::{binary, refused, serve};

/// A command to serve from `data` with this log engine and whatever else is said of the store. The configuration lies beside it.
pub fn serve_with(data: &Path, engine: &str, store: &str) -> Command {
    let config = data.with_extension("toml");
    fs::write(&config, format!("[store]\nengine = \"{engine}\"\n{store}")).unwrap();
    let mut command = serve(data);
    command.arg("--config").arg(config);
    command
}

/// A node on `data` with this log engine.
pub fn start_with(data: &Path, engine: &str) -> Node {
    Node::spawn(serve_with(data, engine, ""), data)
}

/// What `hearth state` says of a data directory.
#[derive(Debug, PartialEq, Eq)]
pub struct Held {
    pub checksum: String,
    pub users: u64,
    pub audited: u64,
}

/// A command that says what a data directory holds.
pub fn state(data: &Path) -> Command {
    let mut command = Command::new(binary());
    command.arg("state").arg("--data-dir").arg(data);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// What the data directory of a stopped node holds.
pub fn held(data: &Path) -> Held {
    let output = state(data).stdout(Stdio::piped()).output().unwrap();
    let (said, complaint) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{complaint}");
    let field = |name: &str| {
        let line = said.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_else(|| panic!("no {name} in {said}")).to_owned()
    };
    assert!(said.contains("chain whole"), "{said}");
    Held { checksum: field("checksum"), users: field("users").parse().unwrap(), audited: field("audit").parse().unwrap() }
}

/// Copies a directory with everything in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &target);
        } else {
            fs::copy(file.path(), target).unwrap();
        }
    }
}

/// Every file below a directory with its bytes, in order, so that two trees can be compared.
pub fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(next) = waiting.pop() {
        for file in fs::read_dir(next).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push((path.strip_prefix(dir).unwrap().display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The one line of a command that must refuse; the log's own lines are JSON and do not count.
#[track_caller]
pub fn refusal(command: Command) -> String {
    let (code, said) = refused(command);
    let lines: Vec<_> = said.lines().filter(|line| !line.starts_with('{')).collect();
    assert!(code.is_some_and(|code| code != 0), "it ends with {code:?}: {said}");
    assert_eq!(lines.len(), 1, "not one line: {said}");
    lines[0].to_owned()
}
