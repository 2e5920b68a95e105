//! Tests of the wire shapes.
