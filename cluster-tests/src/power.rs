//! An emulated power cut: a directory lies on a file system in a file; what the *device* holds when the process has been killed,
//! without what only the page cache knows, is copied and mounted in its place. Needs root and loop devices.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const IMAGE_BYTES: u64 = 96 << 20;

/// How often a device is copied until it rests meanwhile; nobody writes to it any more but its file system.
const COPIES: u32 = 100;

/// A directory whose power can be cut. Unmounted when dropped.
pub struct Disk {
    at: PathBuf,
    images: TempDir,
    mounted: usize,
}

impl Disk {
    /// Mounts an empty one at a path.
    ///
    /// # Errors
    /// Why that cannot be done here.
    pub fn mount(at: &Path) -> Result<Self, String> {
        let images = tempfile::tempdir().map_err(|error| error.to_string())?;
        fs::create_dir_all(at).map_err(|error| error.to_string())?;
        let disk = Self { at: at.to_owned(), images, mounted: 0 };
        let image = disk.image(0);
        File::create(&image).and_then(|file| file.set_len(IMAGE_BYTES)).map_err(|error| error.to_string())?;
        tool("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), image.as_ref()])?;
        disk.attach()?;
        fs::remove_dir(at.join("lost+found")).map_err(|error| error.to_string())?;
        Ok(disk)
    }

    /// Cuts the power: whatever no device was told is gone. Nobody may have the directory open any more.
    pub fn lose_power(&mut self) {
        let before = self.image(self.mounted);
        self.mounted += 1;
        // The copy comes first: nothing has been unmounted or synced.
        assert!((0..COPIES).any(|_| self.copied(&before)), "the device never rests");
        self.detach().expect("nobody uses the directory");
        fs::remove_file(before).expect("an image");
        self.attach().expect("a file system that had its power cut");
    }

    /// Copies the device, and says whether it was the same before and after: the file system goes on writing what it has to, and
    /// a copy half old and half new is nothing that a power cut leaves behind.
    fn copied(&self, device: &Path) -> bool {
        let copy = self.image(self.mounted);
        tool("cp", &["--sparse=always".as_ref(), device.as_ref(), copy.as_ref()]).expect("a copy of the device");
        tool("cmp", &["--silent".as_ref(), device.as_ref(), copy.as_ref()]).is_ok()
    }

    fn image(&self, number: usize) -> PathBuf {
        self.images.path().join(number.to_string())
    }

    fn attach(&self) -> Result<(), String> {
        // The journal is committed late, so that what nobody synced really is not there.
        tool("mount", &["-o".as_ref(), "loop,commit=60".as_ref(), self.image(self.mounted).as_ref(), self.at.as_ref()])
    }

    fn detach(&self) -> Result<(), String> {
        tool("umount", &[self.at.as_ref()])
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.detach().is_err() {
            let _ = tool("umount", &["-l".as_ref(), self.at.as_ref()]);
        }
    }
}

/// Runs a tool and gives what it complains about.
fn tool(name: &str, arguments: &[&OsStr]) -> Result<(), String> {
    let output = Command::new(name).args(arguments).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())) }
}
