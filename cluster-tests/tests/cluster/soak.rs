//! Half an hour of faults: nothing is lost, and nothing grows that should not.

use std::path::Path;
use std::time::{Duration, Instant};

use cluster_tests::traffic::Audit;
use cluster_tests::{Cluster, Dice};

use crate::CONFIG;
use crate::chaos::round;

/// `HEARTH_SOAK_S` seconds, else half an hour.
fn span() -> Duration {
    Duration::from_secs(std::env::var("HEARTH_SOAK_S").map_or(1800, |text| text.parse().expect("HEARTH_SOAK_S is a number")))
}

const ROUND: Duration = Duration::from_secs(60);

/// The node that is never killed: its memory tells of the whole time.
const SPARED: usize = 0;

/// What an entry of the audit log may take on disk for ever, index and slack of the engine included, in bytes.
const PER_ENTRY: u64 = 4096;

/// Memory for the engine's page cache, in bytes: so little that it is full before the first third is over. A cache that still
/// fills looks like a leak.
const CACHE: u64 = 8 << 20;

/// How much there is at the end of a round, in bytes.
struct Measure {
    memory: u64,
    disk: Vec<u64>,
    audited: u64,
}

fn measure(cluster: &Cluster) -> Measure {
    let disk = (0..cluster.size()).map(|node| size(&cluster.data(node))).collect();
    let audited = Audit::read(&cluster.client(SPARED)).entries.len() as u64;
    Measure { memory: resident(cluster.node(SPARED).pid()), disk, audited }
}

/// Memory of a process that is in use, in bytes.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

fn size(path: &Path) -> u64 {
    let Ok(found) = path.symlink_metadata() else { return 0 };
    if !found.is_dir() {
        return found.len();
    }
    std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| size(&entry.path())).sum()
}

fn mean(values: impl Iterator<Item = u64>) -> u64 {
    let values: Vec<_> = values.collect();
    values.iter().sum::<u64>() / values.len() as u64
}

#[test]
#[ignore = "takes half an hour: make soak"]
fn soak() {
    let mut dice = Dice::new("soak");
    // `[store]` comes last in it.
    let mut cluster = Cluster::start(3, &format!("{CONFIG}cache_bytes = {CACHE}\n"), dice.split());
    let (since, mut measures) = (Instant::now(), Vec::new());
    while since.elapsed() < span() {
        let number = measures.len();
        eprintln!("round {number}, {} s", since.elapsed().as_secs());
        round(&mut cluster, &mut dice, &format!("s{number}"), ROUND.min(span()), &[SPARED]);
        let now = measure(&cluster);
        eprintln!(
            "memory {} KiB, disk {:?} KiB, {} audit entries",
            now.memory >> 10,
            now.disk.iter().map(|d| d >> 10).collect::<Vec<_>>(),
            now.audited
        );
        measures.push(now);
    }
    let third = measures.len() / 3;
    assert!(third > 0, "too short to compare");
    let (first, last) = (&measures[..third], &measures[measures.len() - third..]);
    let memory = [first, last].map(|part| mean(part.iter().map(|measure| measure.memory)));
    assert!(memory[1] < memory[0] + memory[0] / 4 + (16 << 20), "memory grew from {} to {} bytes", memory[0], memory[1]);
    let audited = [first, last].map(|part| mean(part.iter().map(|measure| measure.audited)));
    for node in 0..cluster.size() {
        let disk = [first, last].map(|part| mean(part.iter().map(|measure| measure.disk[node])));
        let allowed = disk[0] + disk[0] / 2 + (16 << 20) + (audited[1] - audited[0]) * PER_ENTRY;
        assert!(disk[1] < allowed, "the disk of node {node} grew from {} to {} bytes", disk[0], disk[1]);
    }
}
