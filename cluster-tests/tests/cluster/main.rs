//! Several nodes that are one service, and what can happen to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alone;
