//! The rules of the house (ARCHITECTURE.md), checked on the text of the sources.
//!
//! Each rule is a function from a source to its faults, with a test that shows it a bad sample, and one that shows it the house.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod imports;
mod licences;
mod purity;
mod shape;
mod source;
