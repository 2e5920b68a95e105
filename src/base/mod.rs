//! Floor 0: the vocabulary everything above shares. JIDs and names, ids, secrets, and the only clock.

pub mod addresses;
pub mod clock;
pub mod escape;
pub mod groupjid;
pub mod ids;
pub mod jid;
pub mod secrets;
pub mod stanza;
pub mod userref;
