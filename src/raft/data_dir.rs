//! What a node finds in its data directory at start: who it is, its log, its snapshots; or why it must not start.
//!
//! ```text
//! lock        held while a process uses the directory
//! node.json   who the node is
//! log/        the log engine's files
//! snapshots/  the newest snapshot
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::engine::{JournalEngine, LedgerReader, LogEngine, MemoryDisk, RedbEngine, SledEngine, damaged};
use super::identity::{FILE, Identity};
use super::log_store::{Recovered, Room};
use super::snapshot::SnapshotStore;
use super::types::NodeId;
use super::writer::Writer;
use crate::config::{self, Store};

/// Where the engine's files are, in the data directory.
const LOG: &str = "log";

/// Where the snapshots are.
const SNAPSHOTS: &str = "snapshots";

/// Where the log is kept.
#[derive(Clone, Debug)]
pub enum Engine {
    /// In files, by sled, with a page cache of so many bytes.
    Sled {
        /// Bytes of page cache.
        cache_bytes: u64,
    },
    /// In one file, by redb, with a page cache of so many bytes.
    Redb {
        /// Bytes of page cache.
        cache_bytes: u64,
    },
    /// In files of our own, with ledgers in redb with a page cache of so many bytes.
    Journal {
        /// Bytes of page cache.
        cache_bytes: u64,
    },
    /// In memory, on a disk that can lose power: for tests.
    Memory(MemoryDisk),
}

impl Engine {
    /// The one that the configuration names.
    pub fn configured(config: &Store) -> Self {
        let cache_bytes = config.cache_bytes;
        match config.engine {
            config::Engine::Sled => Self::Sled { cache_bytes },
            config::Engine::Redb => Self::Redb { cache_bytes },
            config::Engine::Journal => Self::Journal { cache_bytes },
        }
    }

    /// The one that `dir` was begun with, else the configured one.
    pub fn of(dir: &Path, config: &Store) -> Self {
        let begun_with = |engine| Self::configured(&Store { engine, ..config.clone() });
        let all = config::Engine::ALL.map(begun_with);
        all.into_iter().find(|engine| engine.is_in(dir)).unwrap_or_else(|| Self::configured(config))
    }

    /// Whether `dir` has a log of this engine.
    fn is_in(&self, dir: &Path) -> bool {
        match self {
            Self::Sled { .. } => SledEngine::exists(&dir.join(LOG)),
            Self::Redb { .. } => RedbEngine::exists(&dir.join(LOG)),
            Self::Journal { .. } => JournalEngine::exists(&dir.join(LOG)),
            Self::Memory(_) => true,
        }
    }

    fn open(&self, dir: &Path) -> io::Result<Box<dyn LogEngine>> {
        let dir = dir.join(LOG);
        Ok(match self {
            Self::Sled { cache_bytes } => Box::new(SledEngine::open(&dir, *cache_bytes)?),
            Self::Redb { cache_bytes } => Box::new(RedbEngine::open(&dir, *cache_bytes)?),
            Self::Journal { cache_bytes } => Box::new(JournalEngine::open(&dir, *cache_bytes)?),
            Self::Memory(memory) => Box::new(memory.open()?),
        })
    }
}

/// Why a node cannot start. Each reads as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the data directory {0} is in use by another process")]
    InUse(PathBuf),
    /// Bytes are not what was written.
    #[error(
        "the store in {dir} is damaged ({reason}); it is not repaired by guessing: move the directory away and let the node join anew, or restore it from a backup"
    )]
    Damaged {
        /// The data directory.
        dir: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The identity is there, the log is not.
    #[error(
        "{file} says this is node {node_id}, but its log is gone; a node must not go on under its id without it: move the directory away and let the node join anew, or restore it from a backup"
    )]
    LogGone {
        /// The identity file.
        file: PathBuf,
        /// The node the identity names.
        node_id: NodeId,
    },
    /// The log is there, the identity is not, or another one.
    #[error("{0} holds a log, but its node.json is missing or belongs to another one: restore the two together from a backup")]
    IdentityGone(PathBuf),
    /// The log is that of a new cluster, the identity does not say so yet.
    #[error("the recovery of {0} was cut short: run `hearth recover` on it again")]
    HalfRecovered(PathBuf),
    /// There is nothing to recover, or no need to.
    #[error("{0}")]
    NotRecovered(String),
    /// The log is of another engine than the configured one.
    #[error(
        "the log in {0} was begun with another engine than store.engine names: set it back, or move the directory away and let the node join anew"
    )]
    OtherEngine(PathBuf),
    /// The disk failed.
    #[error("cannot open the data directory {dir}: {error}")]
    Disk {
        /// The data directory.
        dir: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The node could not be brought up to where it was.
    #[error("the node cannot start: {0}")]
    Raft(String),
}

impl OpenError {
    /// Tells damage and use by another process from other failures of the disk.
    pub(super) fn disk(dir: &Path, error: io::Error) -> Self {
        let dir = dir.to_owned();
        match error.kind() {
            io::ErrorKind::InvalidData => Self::Damaged { dir, reason: error.to_string() },
            io::ErrorKind::ResourceBusy => Self::InUse(dir),
            _ => Self::Disk { dir, error },
        }
    }
}

/// An opened data directory.
pub(super) struct DataDir {
    /// Held until the engine is closed.
    pub lock: Arc<File>,
    pub writer: Writer,
    pub reader: Arc<dyn LedgerReader>,
    pub recovered: Recovered,
    pub snapshots: SnapshotStore,
    pub identity: Identity,
    /// The identity is new and to be written.
    pub is_new: bool,
}

impl DataDir {
    /// Opens it, a new one for the node that `new` makes, or says why not. Blocks.
    pub fn open(dir: &Path, engine: &Engine, new: impl FnOnce() -> io::Result<Identity>) -> Result<Self, OpenError> {
        Self::open_of(dir, engine, |known, recovered| match known {
            Some(identity) => check(dir, identity, recovered),
            None => new().map_err(|error| OpenError::disk(dir, error)),
        })
    }

    /// Opens it for the node that `whose` makes of the identity found, if any, and of the log. Blocks.
    pub fn open_of(
        dir: &Path,
        engine: &Engine,
        whose: impl FnOnce(Option<Identity>, &Recovered) -> Result<Identity, OpenError>,
    ) -> Result<Self, OpenError> {
        let disk = |error| OpenError::disk(dir, error);
        fs::create_dir_all(dir).map_err(disk)?;
        let lock = lock(dir)?;
        let known = Identity::read(dir).map_err(disk)?;
        if let Some(identity) = &known {
            check_before_touching(dir, engine, identity)?;
        }
        [LOG, SNAPSHOTS].into_iter().try_for_each(|part| keep_private(&dir.join(part))).map_err(disk)?;
        let snapshots = SnapshotStore::open(&dir.join(SNAPSHOTS)).map_err(disk)?;
        let engine = engine.open(dir).map_err(disk)?;
        let reader = engine.reader();
        let recovered = Recovered::read(&*reader, Room::default()).map_err(disk)?;
        check_snapshot(&snapshots, &recovered).map_err(disk)?;
        let is_new = known.is_none();
        if is_new && !(recovered.is_empty() && snapshots.newest().is_none()) {
            return Err(OpenError::IdentityGone(dir.to_owned()));
        }
        let identity = whose(known, &recovered)?;
        let writer = Writer::start(engine).map_err(disk)?;
        Ok(Self { lock: Arc::new(lock), writer, reader, recovered, snapshots, identity, is_new })
    }
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let open = OpenOptions::new().write(true).create(true).truncate(false).open(dir.join("lock"));
    let file = open.map_err(|error| OpenError::disk(dir, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(OpenError::disk(dir, error)),
    }
}

/// Keeps others of this machine out: what clients store is here, secrets among it.
fn keep_private(part: &Path) -> io::Result<()> {
    match fs::set_permissions(part, Permissions::from_mode(0o700)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => DirBuilder::new().mode(0o700).create(part),
        done => done,
    }
}

/// What can be seen without opening anything, so that a wiped directory is left as it is.
fn check_before_touching(dir: &Path, engine: &Engine, identity: &Identity) -> Result<(), OpenError> {
    if !engine.is_in(dir) {
        let other = Engine::of(dir, &Store::default());
        if other.is_in(dir) {
            return Err(OpenError::OtherEngine(dir.to_owned()));
        }
        return Err(OpenError::LogGone { file: dir.join(FILE), node_id: identity.node_id });
    }
    Ok(())
}

/// What the log has forgotten must be in the snapshot.
fn check_snapshot(snapshots: &SnapshotStore, recovered: &Recovered) -> io::Result<()> {
    let Some(purged) = recovered.purged() else { return Ok(()) };
    match snapshots.newest().and_then(|kept| kept.meta.last_log_id) {
        Some(covered) if covered.index >= purged => Ok(()),
        Some(covered) => Err(damaged(format_args!("the log begins after entry {purged}, but the snapshot ends at {}", covered.index))),
        None => Err(damaged(format_args!("the log begins after entry {purged}, but there is no snapshot of what was before"))),
    }
}

/// The log says whose it is: it was marked before the file was written.
fn check(dir: &Path, identity: Identity, recovered: &Recovered) -> Result<Identity, OpenError> {
    match &recovered.identity {
        Some(mark) if *mark == identity.mark() => Ok(identity),
        None if recovered.is_empty() => Err(OpenError::LogGone { file: dir.join(FILE), node_id: identity.node_id }),
        Some(_) if recovered.before.as_ref() == Some(&identity.mark()) => Err(OpenError::HalfRecovered(dir.to_owned())),
        _ => Err(OpenError::IdentityGone(dir.to_owned())),
    }
}
