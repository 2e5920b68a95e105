//! What goes with the binary: the dashboard, the containers, the balancer in front.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod balancer;
mod compose;
mod dashboard;
mod metrics;

/// The text of a file of the repository.
fn text(path: &str) -> String {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
