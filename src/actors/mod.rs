//! Floor 2: a mailbox around each noun, applied in log order, with views for readers and events for listeners.
//!
//! Each noun has one [`owner::Owner`], its only writer. [`Owners`] feeds them one committed entry after another and awaits
//! each step; readers load the published [`crate::state::State`] and never wait for a mailbox.

mod bus;
mod owner;
mod owners;
mod replica;
#[cfg(test)]
mod tests;

pub use bus::{Bus, Happened};
pub use owners::{Marked, Owners, Views};
pub use replica::{Applied, Broken, Cut, Replica, Sequel};
