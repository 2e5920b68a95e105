//! Every dependency may be passed on under the licence of the house.

use std::process::Command;

use serde_json::Value;

use super::source::repository;

/// Licences that go with Apache-2.0.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "MPL-2.0+",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression can be met with what is allowed. `/` is the old way to write `OR`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    let met = alternatives(&mut tokens);
    met && tokens.next().is_none()
}

type Tokens<'t, 's> = &'t mut std::iter::Peekable<std::str::SplitWhitespace<'s>>;

fn alternatives(tokens: Tokens) -> bool {
    let mut met = conjunction(tokens);
    while tokens.next_if_eq(&"OR").is_some() {
        met |= conjunction(tokens);
    }
    met
}

fn conjunction(tokens: Tokens) -> bool {
    let mut met = licence(tokens);
    while tokens.next_if_eq(&"AND").is_some() {
        met &= licence(tokens);
    }
    met
}

fn licence(tokens: Tokens) -> bool {
    let Some(mut name) = tokens.next().map(str::to_owned) else { return false };
    if name == "(" {
        let met = alternatives(tokens);
        return met && tokens.next() == Some(")");
    }
    if tokens.next_if_eq(&"WITH").is_some() {
        name = format!("{name} WITH {}", tokens.next().unwrap_or_default());
    }
    ALLOWED.contains(&name.as_str())
}

/// The packages that are built here and whose licence is not allowed.
fn faults(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().expect("packages");
    let licence = |package: &Value| package["license"].as_str().map(str::to_owned);
    let bad = packages.iter().filter(|package| !licence(package).is_some_and(|licence| is_allowed(&licence)));
    bad.map(|package| format!("{} {}: {:?}", package["name"], package["version"], licence(package))).collect()
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let version = Command::new(&cargo).arg("-vV").output().expect("cargo runs");
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo tells its host");
    let mut command = Command::new(cargo);
    command.current_dir(repository()).args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host]);
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_bad_licence_is_found() {
    for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception OR GPL-2.0"] {
        assert!(is_allowed(good), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND AGPL-3.0", "", "MIT MIT", "(MIT", "Apache-2.0 WITH Foo"] {
        assert!(!is_allowed(bad), "{bad}");
    }
    let sample = serde_json::json!({"packages": [{"name": "a", "version": "1", "license": "MIT"}, {"name": "b", "version": "2", "license": null}]});
    assert_eq!(faults(&sample), [r#""b" "2": None"#]);
}

#[test]
fn dependencies_may_be_passed_on() {
    let metadata = metadata();
    assert!(metadata["packages"].as_array().unwrap().len() > 50);
    let faults = faults(&metadata);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
