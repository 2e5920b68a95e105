//! Who may call: administrators by name and password, or the shared secret.
//!
//! A password costs one slow hash per credential, not per request: what verified is remembered as a keyed digest together with
//! the verifier it verified against, and counts only as long as the account still has that verifier, is not locked and is an
//! administrator. The digest key is random per process, so nothing of it can be carried elsewhere.

use std::collections::HashMap;
use std::sync::Mutex;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::base::ids;
use crate::base::jid::{BareJid, Localpart};
use crate::base::secrets::{Secret, Verifier};
use crate::state::State;
use crate::state::properties::ADMINS;

use super::{Fault, Hearth};

/// How many verified credentials are remembered; when full, all are forgotten.
const REMEMBERED: usize = 10_000;

/// The property holding the shared secret.
pub const SECRET: &str = "plugin.restapi.secret";

type Digest = [u8; 32];

/// Credentials that verified lately.
#[derive(Debug, Default)]
pub struct Credentials {
    key: std::sync::OnceLock<Digest>,
    verified: Mutex<HashMap<Digest, Verifier>>,
}

impl Credentials {
    fn digest(&self, name: &str, password: &str) -> Option<Digest> {
        let key = match self.key.get() {
            Some(key) => key,
            None => {
                let fresh = ids::random_bytes::<32>().ok()?;
                self.key.get_or_init(|| fresh)
            }
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(&(name.len() as u64).to_be_bytes());
        mac.update(name.as_bytes());
        mac.update(password.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }

    fn recall(&self, digest: &Digest, verifier: &Verifier) -> bool {
        self.verified.lock().is_ok_and(|verified| verified.get(digest) == Some(verifier))
    }

    fn remember(&self, digest: Digest, verifier: Verifier) {
        if let Ok(mut verified) = self.verified.lock() {
            if verified.len() >= REMEMBERED {
                verified.clear();
            }
            verified.insert(digest, verifier);
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

impl Hearth {
    /// Whether `name` and `password` are those of an administrator who may act; the name as it is stored.
    ///
    /// The password is checked even for a name that is not an administrator's, so that timing does not tell.
    ///
    /// # Errors
    /// [`Fault::Overloaded`].
    pub async fn verify_admin(&self, state: &State, name: &str, password: &str) -> Result<Option<Localpart>, Fault> {
        let name = Localpart::parse(name).ok();
        let account = name.as_ref().and_then(|name| state.users.get(name).map(|user| (name, user)));
        let Some((name, user)) = account else {
            self.parts.hasher.verify(Verifier::nobody(), Secret::new(password)).await?;
            return Ok(None);
        };
        let allowed = is_admin(state, &BareJid::new(Some(name), self.domain())) && !state.lockouts.contains(name);
        if self.verify_password(&user.verifier, name, password).await? && allowed { Ok(Some(name.clone())) } else { Ok(None) }
    }

    async fn verify_password(&self, verifier: &Verifier, name: &Localpart, password: &str) -> Result<bool, Fault> {
        let digest = self.credentials.digest(name, password);
        if digest.is_some_and(|digest| self.credentials.recall(&digest, verifier)) {
            return Ok(true);
        }
        let right = self.parts.hasher.verify(verifier.clone(), Secret::new(password)).await?;
        if right && let Some(digest) = digest {
            self.credentials.remember(digest, verifier.clone());
        }
        Ok(right)
    }

    /// Whether `offered` is the shared secret. An empty secret never is.
    pub fn verify_secret(&self, state: &State, offered: &str) -> bool {
        state.properties.value(SECRET).is_some_and(|secret| Secret::new(secret).matches(offered))
    }
}
