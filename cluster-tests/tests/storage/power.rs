//! An emulated power cut: the data directory lies on a file system in a file; the process is killed, and what the *device*
//! holds at that moment, without what only the page cache knows, is copied and mounted. Needs root and loop devices.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::load::Load;
use super::tools::{Dice, held, start_with};

const IMAGE_BYTES: u64 = 96 << 20;

/// Runs a tool and gives what it complains about.
fn tool(name: &str, arguments: &[&std::ffi::OsStr]) -> Result<(), String> {
    let output = Command::new(name).args(arguments).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())) }
}

/// A mounted image. Unmounted when dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(image: &Path, at: &Path) -> Result<Self, String> {
        fs::create_dir_all(at).map_err(|error| error.to_string())?;
        // The journal is committed late, so that what nobody synced really is not there.
        tool("mount", &["-o".as_ref(), "loop,commit=60".as_ref(), image.as_ref(), at.as_ref()])?;
        Ok(Self(at.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if tool("umount", &[self.0.as_ref()]).is_err() {
            let _ = tool("umount", &["-l".as_ref(), self.0.as_ref()]);
        }
    }
}

fn format(image: &Path) -> Result<(), String> {
    File::create(image).and_then(|file| file.set_len(IMAGE_BYTES)).map_err(|error| error.to_string())?;
    tool("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), image.as_ref()])
}

/// Cuts the power of a loaded node so many times; why not, where that cannot be done here.
fn cut(engine: &str, times: u32, load_for: Duration) -> Result<(), String> {
    let mut dice = Dice::new("power");
    let dir = tempfile::tempdir().unwrap();
    let (mut image, mut next) = (dir.path().join("a.img"), dir.path().join("b.img"));
    format(&image)?;
    let mut mounted = Mounted::new(&image, &dir.path().join("0"))?;
    let mut data = mounted.0.join("data");
    let mut node = start_with(&data, engine);
    let mut load = Load::new(4, &mut dice, &node);
    for round in 1..=times {
        let time = load_for.mul_f64(0.5) + Duration::from_millis(dice.roll(500));
        load.run(node, time, |node| {
            // The copy is of the moment after the kill; nothing has been unmounted or synced.
            node.kill();
            tool("cp", &["--sparse=always".as_ref(), image.as_ref(), next.as_ref()]).unwrap();
        });
        drop(mounted);
        mounted = Mounted::new(&next, &dir.path().join(round.to_string()))?;
        data = mounted.0.join("data");
        std::mem::swap(&mut image, &mut next);
        node = start_with(&data, engine);
        load.check_and_retry(&node);
    }
    node.kill();
    assert_eq!(held(&data).audited, load.acknowledged());
    eprintln!("{engine}: {} changes acknowledged over {times} power cuts", load.acknowledged());
    drop(mounted);
    Ok(())
}

fn cut_or_say_why_not(engine: &str, times: u32, load_for: Duration) {
    if let Err(why) = cut(engine, times, load_for) {
        eprintln!("skipped: no power can be cut here ({why})");
    }
}

#[test]
fn what_was_acknowledged_survives_two_power_cuts() {
    cut_or_say_why_not("sled", 2, Duration::from_secs(1));
}

#[test]
fn what_was_acknowledged_survives_two_power_cuts_with_the_journal() {
    cut_or_say_why_not("journal", 2, Duration::from_secs(1));
}

#[test]
#[ignore = "takes minutes: make power-cut"]
fn what_was_acknowledged_survives_many_power_cuts() {
    cut_or_say_why_not("sled", 30, Duration::from_secs(3));
}

#[test]
#[ignore = "takes minutes: make power-cut"]
fn what_was_acknowledged_survives_many_power_cuts_with_the_journal() {
    cut_or_say_why_not("journal", 30, Duration::from_secs(3));
}
