//! Floor 6: the Openfire REST API on the wire.
//!
//! [`routes`] is the whole API on one page. [`door`] takes every request through the same checks in the same order
//! (system.md §1.3) and hands it to the handler of its route; a handler is four moves: decode, act, map, encode.

pub mod affiliations;
pub mod archive;
pub mod audit;

pub mod auth;
pub mod call;
pub mod cluster;
pub mod connections;
pub mod door;
pub mod entities;
pub mod error;
pub mod groups;
pub mod invitations;
pub mod listing;
pub mod lockouts;
pub mod messages;
pub mod meters;
pub mod metrics;
pub mod negotiate;
pub mod nodes;
pub mod occupants;
pub mod openapi;
pub mod path;
pub mod probes;
pub mod properties;
pub mod rooms;
pub mod rosters;
pub mod routes;
pub mod server;
pub mod services;
pub mod sessions;
pub mod users;
pub mod vcards;
pub mod waiting;

/// Where the API lives.
pub const BASE: &str = "/plugins/restapi/v1";
/// Where Hearth's own paths begin.
pub const OWN_BASE: &str = "/hearth/v1";
