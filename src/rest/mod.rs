//! Floor 6: the Openfire REST API on the wire.

pub mod entities;
pub mod negotiate;
