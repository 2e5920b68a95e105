//! `hearth secret`

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::base::ids;

use super::Failure;

/// Makes a secret for the nodes of a cluster, unless the file is there already.
#[derive(Args, Debug)]
pub struct Secret {
    /// Where to keep it, readable by its owner alone.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Secret {
    /// Makes it. A file that is there is left as it is.
    pub fn run(self) -> Result<(), Failure> {
        let failed = |error: io::Error| format!("{}: {error}", self.file.display());
        if self.file.try_exists().map_err(failed)? {
            return Ok(());
        }
        let secret = ids::random_secret()? + &ids::random_secret()?;
        keep(&self.file, &secret).map_err(failed)?;
        Ok(())
    }
}

/// Writes beside, then gives the file its name: whoever finds it finds it whole, and of two that are made at once one stays.
fn keep(file: &Path, secret: &str) -> io::Result<()> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unfinished = dir.join(format!(".secret-{}", std::process::id()));
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    writeln!(out, "{secret}")?;
    out.sync_all()?;
    let linked = fs::hard_link(&unfinished, file);
    fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(dir)?.sync_all(),
    }
}
