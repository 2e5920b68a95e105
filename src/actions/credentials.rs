//! Who may call: administrators by name and password, or the shared secret.
//!
//! A password costs one slow hash per credential, not per request: what verified is remembered as a keyed digest together with
//! the verifier it verified against, and counts only as long as the account still has that verifier, is not locked and is an
//! administrator. The digest key is random per process, so nothing of it can be carried elsewhere.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::base::addresses::AddressList;
use crate::base::ids::{self, NoRandomness};
use crate::base::jid::{BareJid, Localpart};
use crate::base::secrets::{Secret, Verifier};
use crate::config::Hashing;
use crate::state::audit::Command as Audit;
use crate::state::properties::ADMINS;
use crate::state::{Command, State};

use super::{Caller, Fault, Hearth, Saying};

/// Longest name kept of a failed login, in characters.
const NAME_MAX: usize = 64;

/// The property holding the shared secret.
pub const SECRET: &str = "plugin.restapi.secret";
/// The property that switches the API on.
pub const ENABLED: &str = "plugin.restapi.enabled";
/// The property that says who may call by address, when not empty.
pub const ALLOWED_IPS: &str = "plugin.restapi.allowedIPs";

type Digest = [u8; 32];

/// Credentials that verified lately.
#[derive(Debug)]
pub struct Credentials {
    key: Digest,
    most: usize,
    lifetime: Duration,
    verified: Mutex<HashMap<Digest, (Instant, Verifier)>>,
}

impl Credentials {
    /// Remembers as configured; when full, all are forgotten.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn new(config: &Hashing) -> Result<Self, NoRandomness> {
        Ok(Self { key: ids::random_bytes()?, most: config.remembered, lifetime: config.remembered_for(), verified: Mutex::default() })
    }

    fn digest(&self, name: &str, password: &str) -> Option<Digest> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(&(name.len() as u64).to_be_bytes());
        mac.update(name.as_bytes());
        mac.update(password.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }

    fn recall(&self, digest: &Digest, verifier: &Verifier) -> bool {
        let Ok(verified) = self.verified.lock() else { return false };
        verified.get(digest).is_some_and(|(since, remembered)| remembered == verifier && since.elapsed() < self.lifetime)
    }

    fn remember(&self, digest: Digest, verifier: Verifier) {
        let Ok(mut verified) = self.verified.lock() else { return };
        if verified.len() >= self.most {
            verified.clear();
        }
        if self.most > 0 {
            verified.insert(digest, (Instant::now(), verifier));
        }
    }
}

/// Whether the account administers the server (system.md §2.2): listed in `admin.authorizedJIDs`, or named `admin` when that
/// list is empty.
pub fn is_admin(state: &State, jid: &BareJid) -> bool {
    let listed = state.properties.value(ADMINS).unwrap_or_default();
    let mut admins = listed.split(',').map(str::trim).filter(|admin| !admin.is_empty()).peekable();
    if admins.peek().is_none() { jid.node() == Some("admin") } else { admins.any(|admin| BareJid::parse(admin).is_ok_and(|admin| admin == *jid)) }
}

/// An account as a login names it.
struct Login<'s> {
    name: Localpart,
    verifier: &'s Verifier,
    /// An administrator, and not locked.
    allowed: bool,
}

impl Hearth {
    fn login<'s>(&self, state: &'s State, name: &str) -> Option<Login<'s>> {
        let name = Localpart::parse(name).ok()?;
        let user = state.users.get(&name)?;
        let allowed = is_admin(state, &BareJid::new(Some(&name), self.domain())) && !state.lockouts.contains(&name);
        Some(Login { name, verifier: &user.verifier, allowed })
    }

    /// The administrator with this name and password, if they verified lately and still would.
    pub fn remembered_admin(&self, state: &State, name: &str, password: &str) -> Option<Localpart> {
        let login = self.login(state, name)?;
        let digest = self.credentials.digest(&login.name, password)?;
        (login.allowed && self.credentials.recall(&digest, login.verifier)).then_some(login.name)
    }

    /// The administrator with this name and password.
    ///
    /// The password is checked even for a name that is nobody's or no administrator's, so that timing does not tell.
    ///
    /// # Errors
    /// [`Fault::Overloaded`].
    pub async fn verify_admin(&self, state: &State, name: &str, password: &str) -> Result<Option<Localpart>, Fault> {
        let login = self.login(state, name);
        let verifier = login.as_ref().map_or_else(Verifier::nobody, |login| *login.verifier);
        let right = self.parts.hasher.verify(verifier, Secret::new(password)).await?;
        let Some(login) = login.filter(|login| right && login.allowed) else { return Ok(None) };
        if let Some(digest) = self.credentials.digest(&login.name, password) {
            self.credentials.remember(digest, verifier);
        }
        Ok(Some(login.name))
    }

    /// Whether a client of this address may call at all (`plugin.restapi.allowedIPs`).
    pub fn allows_address(&self, state: &State, address: IpAddr) -> bool {
        AddressList::parse(state.properties.value(ALLOWED_IPS).unwrap_or_default()).allows(address)
    }

    /// Whether the API is switched on: anything but `true` (in any letter case) is off.
    pub fn api_enabled(&self, state: &State) -> bool {
        state.properties.value(ENABLED).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether `offered` is the shared secret. An empty secret never is.
    pub fn verify_secret(&self, state: &State, offered: &str) -> bool {
        state.properties.value(SECRET).is_some_and(|secret| Secret::new(secret).matches(offered))
    }

    /// Writes to the audit log that a login at `door` failed.
    ///
    /// # Errors
    /// The cluster cannot answer.
    pub async fn note_failed_login(&self, name: &str, address: IpAddr, door: &'static str) -> Result<(), Fault> {
        let name = name.chars().take(NAME_MAX).collect();
        let caller = Caller { name, address, door, key: None };
        let saying = Saying::new(format!("Failed {door} login attempt"));
        self.act(&caller, saying, Command::Audit(Audit::Note)).await.map(drop)
    }
}
