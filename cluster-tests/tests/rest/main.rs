//! The REST API over real HTTP, noun by noun: every row of the endpoint and error tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod door;
mod hostile;

/// The start of every XML answer.
pub const PROLOG: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
