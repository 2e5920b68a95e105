//! Randomness: ids, salts and secrets from the operating system. Used above the log only; what is applied carries them.

use std::sync::LazyLock;

use uuid::{Builder, Uuid};

/// The operating system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct NoRandomness(getrandom::Error);

/// The length of a generated secret, in characters.
pub const SECRET_LENGTH: usize = 16;

const SECRET_ALPHABET: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Random bytes, fit for salts and nonces.
///
/// # Errors
/// When the operating system gives none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// A random (version 4) UUID.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn random_uuid() -> Result<Uuid, NoRandomness> {
    Ok(Builder::from_random_bytes(random_bytes()?).into_uuid())
}

/// What tells this process from every other one, also from earlier ones of the same node.
pub fn process() -> Uuid {
    static PROCESS: LazyLock<Uuid> = LazyLock::new(Uuid::new_v4);
    *PROCESS
}

/// A random salt for a password verifier.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn random_salt() -> Result<[u8; 16], NoRandomness> {
    random_bytes()
}

/// A random text of [`SECRET_LENGTH`] characters of `[0-9a-zA-Z]`, about 95 bits.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn random_secret() -> Result<String, NoRandomness> {
    let mut secret = String::with_capacity(SECRET_LENGTH);
    while secret.len() < SECRET_LENGTH {
        let drawn = random_bytes::<32>()?.into_iter().filter_map(letter);
        secret.extend(drawn.take(SECRET_LENGTH - secret.len()));
    }
    Ok(secret)
}

/// The character for six random bits; the two values without one are drawn again, so that none is likelier.
fn letter(byte: u8) -> Option<char> {
    SECRET_ALPHABET.get(usize::from(byte & 63)).map(|&letter| char::from(letter))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_the_promised_shape_and_differ() {
        let secrets: std::collections::BTreeSet<_> = (0..200).map(|_| random_secret().unwrap()).collect();
        assert_eq!(secrets.len(), 200);
        assert!(secrets.iter().all(|s| s.len() == 16 && s.bytes().all(|b| b.is_ascii_alphanumeric())));
    }

    #[test]
    fn every_letter_is_equally_likely() {
        let letters: Vec<char> = (0..=255).filter_map(letter).collect();
        assert_eq!(letters.len(), 4 * 62);
        assert!(SECRET_ALPHABET.iter().all(|&l| letters.iter().filter(|&&c| c == char::from(l)).count() == 4));
    }

    #[test]
    fn uuids_are_of_version_4() {
        let uuid = random_uuid().unwrap();
        assert_eq!(uuid.get_version_num(), 4);
        assert_ne!(uuid, random_uuid().unwrap());
    }
}
