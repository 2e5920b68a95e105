//! Files of a stopped node that are not what was written: the node refuses, or all that was acknowledged is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use cluster_tests::metrics::Scrape;
use cluster_tests::node::serve;
use cluster_tests::{Node, wait_for};

use super::load::Load;
use super::tools::{Dice, Held, copy, held, refusal, serve_with, state};

/// A data directory with a snapshot, a log behind it, and audit entries in both, as a crash left it; and what it holds.
fn filled(dice: &mut Dice, dir: &Path, engine: &str) -> Held {
    let data = dir.join("data");
    let start = || {
        let command = serve_with(&data, engine, "snapshot_log_entries = 150\nkept_log_entries = 20\n");
        Node::spawn(command, &data)
    };
    let node = start();
    let mut load = Load::new(4, dice, &node);
    load.run(node, Duration::from_millis(1500), Node::kill);
    let node = start();
    load.check_and_retry(&node);
    // Segments of the journal are larger.
    fatten(&node, &data, if engine == "journal" { 400 } else { 40 });
    // Once all writers have their answers: no part of the log is one that might be lost.
    let node = load.run(node, Duration::from_millis(500), |node| node);
    // The log has given way to a snapshot: without it something is missing.
    wait_for("the log to be purged", Duration::from_secs(60), || {
        let purged = Scrape::of(&node.address).value("hearth_raft_purged_index");
        if purged.is_some_and(|index| index > 0.0) { Ok(()) } else { Err(format!("{purged:?}")) }
    });
    node.kill();
    let looked_at = dir.join("looked-at");
    copy(&data, &looked_at);
    let held = held(&looked_at);
    assert!(held.audited >= load.acknowledged());
    held
}

/// The snapshots in a data directory that are whole, the newest last. There may be two for a moment.
fn snapshots(data: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(data.join("snapshots")).unwrap().map(|file| file.unwrap().path());
    let mut whole: Vec<_> = files.filter(|file| file.extension().is_some_and(|extension| extension == "snapshot")).collect();
    whole.sort();
    whole
}

/// Writes enough that the log has several segments, and until there is a snapshot.
fn fatten(node: &Node, data: &Path, writes: u32) {
    let client = node.client();
    client.body("POST", "/users", r#"{"username":"fat","password":"p"}"#).is(201);
    let value = "x".repeat(3500);
    let properties: Vec<_> = (0..8).map(|i| format!(r#"{{"key":"k{i}","value":"{value}"}}"#)).collect();
    for write in 0.. {
        if write >= writes && !snapshots(data).is_empty() {
            return;
        }
        client.body("PUT", "/users/fat", &format!(r#"{{"username":"fat","properties":[{}]}}"#, properties.join(","))).is(200);
    }
}

/// What became of a start on a damaged directory.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// It refused, in one line.
    Refused(String),
    /// It started and holds what it held.
    Whole,
    /// Anything else.
    Wrong(String),
}

/// Starts on a directory that may be damaged.
fn start(data: &Path, before: &Held) -> Fate {
    let mut process = state(data).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    let status = loop {
        match process.try_wait().unwrap() {
            Some(status) => break status,
            None if since.elapsed() > Duration::from_secs(30) => {
                process.kill().unwrap();
                process.wait().unwrap();
                return Fate::Wrong("it hangs".into());
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let said = std::io::read_to_string(process.stderr.take().unwrap()).unwrap();
    if status.success() {
        let now = held(data);
        return if now == *before { Fate::Whole } else { Fate::Wrong(format!("{now:?}")) };
    }
    if status.code() != Some(1) || said.lines().count() != 1 {
        return Fate::Wrong(format!("{status}: {said}"));
    }
    Fate::Refused(said)
}

/// All files that hold data.
fn targets(data: &Path) -> Vec<PathBuf> {
    let files = super::tools::files(data).into_iter().filter(|(_, bytes)| !bytes.is_empty());
    files.map(|(name, _)| PathBuf::from(name)).collect()
}

fn pick<'a>(files: &[&'a PathBuf], dice: &mut Dice) -> &'a Path {
    files[usize::try_from(dice.roll(files.len() as u64)).unwrap()]
}

fn bend(file: &Path, dice: &mut Dice) -> String {
    let mut bytes = fs::read(file).unwrap();
    // Behind the last byte that says something is only room.
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default();
    let length = used as u64 + 1;
    let at = usize::try_from(dice.roll(length)).unwrap();
    let what = match dice.roll(4) {
        0 => {
            bytes.truncate(at);
            "cut"
        }
        1 => {
            let end = (at + 4096).min(bytes.len());
            bytes[at..end].fill(0);
            "4096 bytes zeroed"
        }
        _ => {
            bytes[at] ^= 1 << dice.roll(8);
            "a bit flipped"
        }
    };
    fs::write(file, &bytes).unwrap();
    format!("{} of {length}, {what} at {at}", file.file_name().unwrap().display())
}

fn damaged(engine: &str, log: &[&str], rounds: u32) {
    let mut dice = Dice::new("damaged");
    let dir = tempfile::tempdir().unwrap();
    let before = filled(&mut dice, dir.path(), engine);
    let data = dir.path().join("data");
    let files = targets(&data);
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for round in 0..rounds {
        let copied = dir.path().join("copy");
        copy(&data, &copied);
        // The log is most of it.
        let of_log: Vec<_> = files.iter().filter(|file| log.iter().any(|part| file.starts_with(part))).collect();
        let file = if round % 2 == 0 { pick(&of_log, &mut dice) } else { pick(&files.iter().collect::<Vec<_>>(), &mut dice) };
        let how = bend(&copied.join(file), &mut dice);
        let fate = start(&copied, &before);
        match &fate {
            Fate::Wrong(_) => wrong.push(format!("{how}: {fate:?}")),
            Fate::Refused(_) => refused += 1,
            Fate::Whole => {}
        }
        if std::env::var_os("HEARTH_TEST_LOG").is_some() {
            eprintln!("{how}: {fate:?}");
        }
        fs::remove_dir_all(&copied).unwrap();
    }
    eprintln!("{engine}: {refused} of {rounds} refused, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn damage_is_refused_or_harmless() {
    damaged("sled", &["log/db"], 40);
}

#[test]
fn damage_is_refused_or_harmless_with_the_journal() {
    damaged("journal", &["log/journal"], 40);
}

#[test]
#[ignore = "takes minutes: make damage"]
fn damage_is_refused_or_harmless_many_times() {
    damaged("sled", &["log/db"], 1000);
}

#[test]
#[ignore = "takes minutes: make damage"]
fn damage_is_refused_or_harmless_many_times_with_the_journal() {
    damaged("journal", &["log/journal", "log/ledgers"], 1000);
}

/// Bytes of a segment of sled's file, and of its head.
const SEGMENT: usize = 512 << 10;
const HEAD: usize = 20;

/// Where the two newest segments of sled's file are, which have what was written last, the newest first: a head has a checksum and
/// the segment's place in the order, as a number whose bits are turned. Those that are free have none.
fn newest_segments(bytes: &[u8]) -> [usize; 2] {
    let number = |head: &[u8]| i64::from_le_bytes(head[4..12].try_into().unwrap()) ^ i64::MAX;
    let heads = (0..bytes.len()).step_by(SEGMENT).filter_map(|at| Some((bytes.get(at..at + HEAD)?, at)));
    let mut used: Vec<_> = heads.filter(|(head, _)| head.iter().any(|byte| *byte != 0)).map(|(head, at)| (number(head), at)).collect();
    used.sort_unstable();
    let [.., (_, second), (_, first)] = used[..] else { panic!("the log has two segments") };
    [first, second]
}

/// Cuts off what was written last.
fn cut_newest(db: &Path) {
    let bytes = fs::read(db).unwrap();
    let [first, second] = newest_segments(&bytes);
    fs::write(db, &bytes[..first.min(second)]).unwrap();
}

/// Gives the newest segment but one the head of the newest.
fn twin_segments(db: &Path) {
    let mut bytes = fs::read(db).unwrap();
    let [first, second] = newest_segments(&bytes);
    bytes.copy_within(first..first + HEAD, second);
    fs::write(db, bytes).unwrap();
}

/// Each in the words that the operator reads, from the command that they run.
#[test]
fn a_damaged_file_gets_one_line() {
    let mut dice = Dice::new("one line");
    let dir = tempfile::tempdir().unwrap();
    filled(&mut dice, dir.path(), "sled");
    let (data, bent) = (dir.path().join("data"), dir.path().join("bent"));
    let says = |change: &dyn Fn(&Path), words: &str| {
        copy(&data, &bent);
        change(&bent);
        let said = refusal(serve(&bent));
        assert!(said.starts_with("hearth: ") && said.contains(words), "{said}");
        let again = refusal(serve(&bent));
        assert!(again.contains(words), "the second start says otherwise: {again}");
        fs::remove_dir_all(&bent).unwrap();
    };
    let cut = |file: PathBuf, keep: u64| fs::OpenOptions::new().write(true).open(file).unwrap().set_len(keep).unwrap();
    let snapshot = |dir: &Path| snapshots(dir).pop().unwrap();
    let length = |file: &Path| fs::metadata(file).unwrap().len();

    says(&|dir| cut_newest(&dir.join("log/db")), "is damaged");
    says(&|dir| cut(dir.join("log/db"), 0), "is damaged");
    // The engine panics at this one: two of its segments claim the same place.
    says(&|dir| twin_segments(&dir.join("log/db")), "is damaged (sled at");
    says(&|dir| fs::remove_file(dir.join("log/synced")).unwrap(), "is damaged");
    says(&|dir| cut(snapshot(dir), length(&snapshot(dir)) - 1), "a snapshot ends too soon");
    says(&|dir| snapshots(dir).iter().for_each(|file| fs::remove_file(file).unwrap()), "snapshot");
    says(&|dir| cut(dir.join("node.json"), 20), "node.json");
    says(&|dir| fs::write(dir.join("node.json"), "{}").unwrap(), "node.json");
    says(&|dir| fs::remove_file(dir.join("node.json")).unwrap(), "its node.json is missing");
    says(&|dir| fs::remove_dir_all(dir.join("log")).unwrap(), "its log is gone");
    says(&|dir| fs::remove_file(dir.join("log/db")).unwrap(), "its log is gone");
    Node::start_on(&data).stop();
}

#[test]
fn a_damaged_journal_gets_one_line() {
    let mut dice = Dice::new("one line");
    let dir = tempfile::tempdir().unwrap();
    filled(&mut dice, dir.path(), "journal");
    let (data, bent) = (dir.path().join("data"), dir.path().join("bent"));
    let says = |change: &dyn Fn(&Path), words: &str| {
        copy(&data, &bent);
        change(&bent.join("log"));
        for command in [serve_with(&bent, "journal", ""), state(&bent)] {
            let said = refusal(command);
            assert!(said.starts_with("hearth: ") && said.contains(words), "{said}");
        }
        fs::remove_dir_all(&bent).unwrap();
    };
    let each = |log: &Path, change: &dyn Fn(PathBuf)| {
        fs::read_dir(log.join("journal")).unwrap().for_each(|file| change(file.unwrap().path()));
    };
    let cut = |file: PathBuf| fs::OpenOptions::new().write(true).open(file).unwrap().set_len(9000).unwrap();
    says(&|log| each(log, &cut), "were synced");
    says(&|log| each(log, &|file| fs::remove_file(file).unwrap()), "is damaged");
    says(&|log| fs::remove_file(log.join("synced")).unwrap(), "how much of the log was synced is gone");
    says(&|log| cut(log.join("ledgers/log.redb")), "is damaged");
    says(&|log| fs::remove_dir_all(log.join("journal")).unwrap(), "its log is gone");
    assert!(Node::spawn(serve_with(&data, "journal", ""), &data).stop().success());
}
