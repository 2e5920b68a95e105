//! What a data directory holds before anyone has written to it: an administrator, the API secret, the domain.
//!
//! Secrets that nobody gave are made, shown once, and kept in a file that only the owner of the process can read. The file is
//! written before anything else, so that a crash in between loses nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::actions::{Fault, Parts, properties, services};
use crate::base::clock::Timestamp;
use crate::base::ids;
use crate::base::jid::Localpart;
use crate::base::secrets::{DEFAULT_ITERATIONS, Secret};
use crate::state::users::{Command as User, NewUser};
use crate::state::{Command, Proposal, Refusal, RequestId, properties as stored};

use super::StartError;

/// Where made secrets are kept, in the data directory.
const FILE: &str = "secrets.toml";
/// The first administrator.
const ADMIN: &str = "admin";

/// What the process was given at its start besides its configuration: secrets for the first start, if any, and more.
#[derive(Debug, Default)]
pub struct Given {
    /// Password of the first administrator.
    pub admin_password: Option<Secret>,
    /// The API secret.
    pub api_secret: Option<Secret>,
    /// The secret of the cluster that the node is to be in; needed at every start.
    pub cluster_secret: Option<Secret>,
    /// Whether the API is to be opened again to whoever has the API secret.
    pub restore_access: bool,
}

/// Secrets that were made.
#[derive(Default, Serialize, Deserialize)]
struct Made {
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_secret: Option<String>,
}

/// Fills a new data directory; does nothing to one that was filled before.
///
/// # Errors
/// The secrets cannot be made or kept, or the log cannot be written.
pub async fn fill(parts: &Parts, given: Given) -> Result<(), StartError> {
    if parts.reads.local().properties.value(super::DOMAIN).is_some() {
        return Ok(());
    }
    let first = |error: &dyn std::fmt::Display| StartError::First(error.to_string());
    let made = keep(&parts.config.data_dir, &given).map_err(|error| first(&format!("{FILE}: {error}")))?;
    let password = given.admin_password.or_else(|| made.admin_password.clone().map(Secret::new)).ok_or_else(|| first(&"no password"))?;
    let secret = given.api_secret.or_else(|| made.api_secret.clone().map(Secret::new)).ok_or_else(|| first(&"no secret"))?;
    let username = Localpart::parse(ADMIN).map_err(|error| first(&error))?;
    let verifier = parts.hasher.derive(password, DEFAULT_ITERATIONS).await?;
    let admin = NewUser { username, given: ADMIN.into(), name: Some("Administrator".into()), email: None, verifier, properties: Vec::new() };
    match propose(parts, Command::Users(User::Create(vec![admin]))).await {
        Ok(()) | Err(Fault::Refused(Refusal::UserExists(_))) => {} // a start before this one got that far
        Err(fault) => return Err(fault.into()),
    }
    if let Some(seed) = services::seed(&parts.domain) {
        propose(parts, seed).await?;
    }
    // The domain says that the directory is filled, so it comes last.
    let seeds = properties::seeds(&parts.domain, secret.expose());
    propose(parts, Command::Properties(stored::Command::Seed(seeds))).await?;
    show(&made, &parts.config.data_dir.join(FILE));
    Ok(())
}

async fn propose(parts: &Parts, command: Command) -> Result<(), Fault> {
    let id = RequestId(Uuid::new_v4());
    let proposal = Proposal { id, fingerprint: None, at: Timestamp::now(), domain: parts.domain.clone(), audit: None, command };
    parts.proposer.propose(proposal).await??;
    Ok(())
}

/// Makes what was not given, unless a start before this one did.
fn keep(dir: &Path, given: &Given) -> io::Result<Made> {
    let file = dir.join(FILE);
    let mut made = match fs::read_to_string(&file) {
        Ok(text) => toml::from_str(&text).map_err(io::Error::other)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Made::default(),
        Err(error) => return Err(error),
    };
    let fresh = || ids::random_secret().map_err(io::Error::other);
    if given.admin_password.is_none() && made.admin_password.is_none() {
        made.admin_password = Some(fresh()?);
    }
    if given.api_secret.is_none() && made.api_secret.is_none() {
        made.api_secret = Some(fresh()?);
    }
    if made.admin_password.is_some() || made.api_secret.is_some() {
        let text = toml::to_string(&made).map_err(io::Error::other)?;
        let _ = fs::remove_file(&file);
        let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
        out.write_all(b"# Made at the first start. What is changed later is not written here.\n")?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        File::open(dir)?.sync_all()?;
    }
    Ok(made)
}

/// Shown to whoever started the process, never logged.
fn show(made: &Made, file: &Path) {
    let mut out = io::stdout().lock();
    let mut line = |what: &str, secret: &Option<String>| {
        if let Some(secret) = secret {
            let _ = writeln!(out, "{what}: {secret}");
        }
    };
    line("Password of the administrator `admin`", &made.admin_password);
    line("API secret", &made.api_secret);
    if made.admin_password.is_some() || made.api_secret.is_some() {
        let _ = writeln!(out, "Shown once; kept in {}", file.display());
    }
}
