//! JSON as the API speaks it: compact, one object, lists always arrays.

mod read;
mod write;

pub use read::{Json, Node, decode, parse};
pub use write::JsonWriter;
