//! A node whose disk is full stops or refuses, never acknowledges what it cannot keep, and recovers when there is room.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cluster_tests::{Cluster, Dice, Plan, Traffic, wait_for};

use crate::chaos::judge;
use crate::{CONFIG, PATIENCE};

/// A file system in memory at a path. Unmounted when dropped.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path) -> Result<Self, String> {
        fs::create_dir_all(at).map_err(|error| error.to_string())?;
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"]).arg(at).output();
        match output {
            Ok(output) if output.status.success() => Ok(Self(at.to_owned())),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(format!("mount: {error}")),
        }
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Leaves no byte.
    fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).unwrap();
        let piece = vec![7; 1 << 16];
        while file.write_all(&piece).is_ok() {}
        while file.write_all(&piece[..1]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_stops_one_node_and_loses_nothing() {
    let mut dice = Dice::new("disk");
    let mut cluster = Cluster::planned(3, CONFIG, dice.split());
    let disk = match Small::mount(&cluster.data(2)) {
        Ok(disk) => disk,
        Err(why) => return eprintln!("skipped: no small disk can be made here ({why})"),
    };
    cluster.start_all();
    let since = Instant::now();
    let plan = Plan { name: "t".into(), clients: 9, keys: 4, pause: Duration::from_millis(10) };
    let traffic = Traffic::start(&cluster.addresses(), &plan, dice.split());
    std::thread::sleep(Duration::from_secs(2));
    disk.fill();
    // It stops by itself, in a clean way, or serves nothing; the others go on.
    let log = wait_for("the node with the full disk to stop or refuse", PATIENCE, || {
        let fallen = cluster.fallen();
        let answer = cluster.client(2).patience(Duration::from_secs(5)).try_absolute("GET", "/plugins/restapi/v1/system/readiness", None);
        match (fallen.first(), answer) {
            (Some((node, log)), _) => Ok(format!("node {node} stopped: {log}")),
            (None, Ok(answer)) if answer.status == 503 => Ok("it refuses".into()),
            (None, other) => Err(format!("{other:?}")),
        }
    });
    assert!(!log.contains("panicked"), "{log}");
    std::thread::sleep(Duration::from_secs(3));
    cluster.kill(2);
    disk.make_room();
    cluster.restart(2);
    let record = traffic.stop();
    let most = plan.clients as u64 * since.elapsed().as_secs() * 100 * 2;
    judge(&cluster, record);
    let answer = cluster.client(0).absolute("GET", "/hearth/v1/cluster", None);
    let committed = answer.value()["committed"].as_u64().unwrap();
    assert!(committed < most, "{committed} entries, of which clients can have caused {most}");
    drop(cluster);
    drop(disk);
}
