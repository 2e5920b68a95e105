//! One binary for all fuzz targets; `FUZZ_TARGET` names the one to run, `FUZZ_SEEDS` a folder to write first inputs to.
#![no_main]

use std::sync::OnceLock;

mod entities;
mod headers;
mod names;
mod paths;
mod proposals;

/// A target: takes any bytes, and panics where something is wrong.
type Target = fn(&[u8]);

const TARGETS: &[(&str, Target)] = &[
    ("xml", entities::xml),
    ("json", entities::json),
    ("vcard", entities::vcard),
    ("names", names::any),
    ("paths", paths::any),
    ("headers", headers::any),
    ("proposals", proposals::any),
];

fn target() -> Target {
    let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
    if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
        proposals::seeds(folder.as_ref());
    }
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    found.unwrap_or_else(|| panic!("FUZZ_TARGET must be one of {}", names.join(" "))).1
}

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    TARGET.get_or_init(target)(bytes);
});
