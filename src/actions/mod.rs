//! Floor 5: everything one can do; what every door calls.
//!
//! An action checks what can be checked without the state, decides everything uncertain (time, ids, salts, defaults), proposes
//! one command, and maps its outcome. Reads hand out views of the replicated state. No action knows which door called.

pub mod audit;
mod caller;
pub mod cluster;
pub mod credentials;
mod fault;
pub mod groups;
mod hasher;
pub mod health;
mod hearth;
pub mod lockouts;
mod metrics;
pub mod nodes;
pub mod properties;
pub mod rooms;
pub mod rosters;
pub mod services;
pub mod sessions;
mod throttle;
pub mod users;
pub mod vcards;

pub use caller::{Caller, Key};
pub use fault::{Fault, Invalid};
pub use hasher::Hasher;
pub use hearth::{Hearth, Parts, Saying};
pub use throttle::Throttle;
