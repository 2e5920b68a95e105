//! Hearth: the Openfire REST API, served by a cluster that agrees.
//!
//! The floors, bottom up; imports point only downward (see ARCHITECTURE.md).

pub mod base;
pub mod config;
pub mod telemetry;

pub mod state;

pub mod actors;
pub mod wire;

pub mod raft;

pub mod cluster;

pub mod actions;

pub mod rest;
pub mod userservice;

pub mod cli;
pub mod node;
