//! What is kept of a password: SCRAM verifiers (RFC 5802, RFC 7677) for SHA-1 and SHA-256.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use hmac::digest::generic_array::GenericArray;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The rounds of hashing unless `sasl.scram-sha-1.iteration-count` says otherwise; the least that RFC 7677 allows.
pub const DEFAULT_ITERATIONS: u32 = 4096;

/// The accepted rounds of hashing. The upper bound keeps one login from occupying a processor for minutes.
pub const ITERATIONS: RangeInclusive<u32> = 4096..=1_000_000;

/// Proof that someone knows a password, without the password: 124 bytes, no pointers.
///
/// Both hashes share the salt. `ServerKey` is kept beside `StoredKey` so that XMPP clients can log in by SCRAM.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// The salt of both hashes.
    pub salt: [u8; 16],
    /// The rounds of PBKDF2, of both hashes.
    pub iterations: u32,
    /// SCRAM-SHA-1: `H(HMAC(SaltedPassword, "Client Key"))`.
    pub stored_sha1: [u8; 20],
    /// SCRAM-SHA-1: `HMAC(SaltedPassword, "Server Key")`.
    pub server_sha1: [u8; 20],
    /// SCRAM-SHA-256: as for SHA-1.
    pub stored_sha256: [u8; 32],
    /// SCRAM-SHA-256: as for SHA-1.
    pub server_sha256: [u8; 32],
}

impl Verifier {
    /// Hashes a password. Slow on purpose (milliseconds): call it on a pool for such work.
    ///
    /// Iterations outside [`ITERATIONS`] are taken as the nearest in it; say no to them before coming here.
    pub fn derive(password: &str, salt: [u8; 16], iterations: u32) -> Self {
        let iterations = within_bounds(iterations);
        let prepared = prepare(password);
        let (stored_sha1, server_sha1) = keys_sha1(&prepared, &salt, iterations);
        // Half way: work that is quick and waits for a processor goes first.
        std::thread::yield_now();
        let (stored_sha256, server_sha256) = keys_sha256(&prepared, &salt, iterations);
        Self { salt, iterations, stored_sha1, server_sha1, stored_sha256, server_sha256 }
    }

    /// A verifier that no password passes, as slow to check as any: for names that are nobody's.
    pub fn nobody() -> Self {
        Self {
            salt: [0; 16],
            iterations: DEFAULT_ITERATIONS,
            stored_sha1: [0; 20],
            server_sha1: [0; 20],
            stored_sha256: [0; 32],
            server_sha256: [0; 32],
        }
    }

    /// Whether this is the password; compares in constant time. As slow as half a [`derive`](Self::derive).
    ///
    /// The SHA-256 half alone decides: a collision in the weaker hash must not open the door.
    pub fn verify(&self, password: &str) -> bool {
        let iterations = within_bounds(self.iterations);
        let (stored, _) = keys_sha256(&prepare(password), &self.salt, iterations);
        stored.ct_eq(&self.stored_sha256).into()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier(***, {} iterations)", self.iterations)
    }
}

fn within_bounds(iterations: u32) -> u32 {
    iterations.clamp(*ITERATIONS.start(), *ITERATIONS.end())
}

/// SASLprep (RFC 4013), or the password as it is where SASLprep does not allow it: a password that the profile
/// prohibits is still the password that its owner types.
fn prepare(password: &str) -> Cow<'_, str> {
    stringprep::saslprep(password).unwrap_or(Cow::Borrowed(password))
}

/// The two keys that SCRAM keeps, of RFC 5802 §3: (`StoredKey`, `ServerKey`).
macro_rules! scram_keys {
    ($name:ident, $hash:ty, $length:literal) => {
        fn $name(password: &str, salt: &[u8], iterations: u32) -> ([u8; $length], [u8; $length]) {
            let salted = pbkdf2::pbkdf2_hmac_array::<$hash, $length>(password.as_bytes(), salt, iterations);
            // HMAC fills a key shorter than its block with zeros; giving it the filled block cannot fail.
            let mut block = [0; 64];
            block[..$length].copy_from_slice(&salted);
            let keyed = <Hmac<$hash> as hmac::digest::KeyInit>::new(GenericArray::from_slice(&block));
            let client_key = keyed.clone().chain_update(b"Client Key").finalize().into_bytes();
            let server_key = keyed.chain_update(b"Server Key").finalize().into_bytes();
            (<$hash>::digest(client_key).into(), server_key.into())
        }
    };
}

scram_keys!(keys_sha1, Sha1, 20);
scram_keys!(keys_sha256, Sha256, 32);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn xor<const N: usize>(a: &[u8], b: &[u8]) -> [u8; N] {
        std::array::from_fn(|i| a[i] ^ b[i])
    }

    fn base64(text: &str) -> Vec<u8> {
        STANDARD.decode(text).unwrap()
    }

    #[test]
    fn sha1_keys_fit_the_exchange_of_rfc_5802() {
        let auth = "n=user,r=fyko+d2lbbFgONRv9qkxdawL,\
            r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,\
            c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
        let (stored, server) = keys_sha1("pencil", &base64("QSXCR+Q6sek8bf92"), 4096);
        let sign = |key: &[u8]| Hmac::<Sha1>::new_from_slice(key).unwrap().chain_update(auth).finalize().into_bytes();
        let client_key: [u8; 20] = xor(&sign(&stored), &base64("v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="));
        assert_eq!(Sha1::digest(client_key).as_slice(), stored);
        assert_eq!(sign(&server).to_vec(), base64("rmF9pqV8S7suAoZWja4dJRkFsKQ="));
    }

    #[test]
    fn sha256_keys_fit_the_exchange_of_rfc_7677() {
        let auth = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let salt: [u8; 16] = base64("W22ZaJ0SNY7soEsUEjb6gQ==").try_into().unwrap();
        let verifier = Verifier::derive("pencil", salt, 4096);
        let sign = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(auth).finalize().into_bytes();
        let proof = base64("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        let client_key: [u8; 32] = xor(&sign(&verifier.stored_sha256), &proof);
        assert_eq!(Sha256::digest(client_key).as_slice(), verifier.stored_sha256);
        let signature = base64("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        assert_eq!(sign(&verifier.server_sha256).to_vec(), signature);
    }

    #[test]
    fn only_the_password_verifies() {
        let verifier = Verifier::derive("pencil", [7; 16], DEFAULT_ITERATIONS);
        assert!(verifier.verify("pencil"));
        assert!(!verifier.verify("pencil "));
        assert!(!verifier.verify(""));
    }

    #[test]
    fn the_sha256_half_alone_decides() {
        let mut verifier = Verifier::derive("pencil", [7; 16], DEFAULT_ITERATIONS);
        verifier.stored_sha1 = [0; 20];
        assert!(verifier.verify("pencil"));
        verifier = Verifier::derive("pencil", [7; 16], DEFAULT_ITERATIONS);
        verifier.stored_sha256[31] ^= 1;
        assert!(!verifier.verify("pencil"));
    }

    #[test]
    fn passwords_are_prepared_and_prohibited_ones_still_work() {
        let verifier = Verifier::derive("I\u{ad}X", [1; 16], DEFAULT_ITERATIONS);
        assert!(verifier.verify("\u{2168}"));
        let prohibited = Verifier::derive("a\u{7}", [1; 16], DEFAULT_ITERATIONS);
        assert!(prohibited.verify("a\u{7}") && !prohibited.verify("a"));
    }

    #[test]
    fn rounds_are_bounded_and_nothing_is_printed() {
        let verifier = Verifier::derive("pencil", [0x41; 16], 1);
        assert_eq!(verifier.iterations, 4096);
        assert_eq!(format!("{verifier:?}"), "Verifier(***, 4096 iterations)");
    }

    #[test]
    fn the_stored_form_is_flat_and_small() {
        let verifier = Verifier::derive("pencil", [0; 16], DEFAULT_ITERATIONS);
        assert_eq!(size_of::<Verifier>(), 124);
        let bytes = postcard::to_stdvec(&verifier).unwrap();
        assert_eq!(bytes.len(), 16 + 2 + 104);
        assert_eq!(postcard::from_bytes::<Verifier>(&bytes).unwrap(), verifier);
    }
}
