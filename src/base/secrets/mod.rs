//! Passwords and secrets: kept as verifiers where possible, never printed, compared in constant time.

mod secret;
mod verifier;

pub use secret::Secret;
pub use verifier::{DEFAULT_ITERATIONS, ITERATIONS, Verifier};
