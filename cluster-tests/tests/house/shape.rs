//! What ships does not panic of its own will, has no `unsafe`, and comes in files that can be read.

use super::source::{Source, all, line, words};

/// The most lines of a file that ships.
const LINES: usize = 600;

/// Words that may not stand in what ships, tests aside.
const PANICS: &[&str] = &[".unwrap()", ".expect(\"", ".unwrap_err()", ".expect_err(\"", "panic!", "unreachable!", "todo!", "unimplemented!", "dbg!"];

/// What is wrong with the shape of a source.
pub fn faults(source: &Source) -> Vec<String> {
    let mut faults: Vec<String> =
        words(&source.code, "unsafe").map(|at| format!("{}:{} has `unsafe`", source.path, line(&source.code, at))).collect();
    if source.is_test() {
        return faults;
    }
    if source.lines > LINES {
        faults.push(format!("{} has {} lines", source.path, source.lines));
    }
    let shipped = source.shipped();
    for word in PANICS {
        // The contents of literals are blank, their place is not.
        let word = word.trim_end_matches('"');
        let starts_clean = |at: usize| word.starts_with('.') || !shipped[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let own_method = |at: usize| word == ".expect(" && shipped[..at].ends_with("self");
        let found = shipped.match_indices(word).map(|(at, _)| at).filter(|at| starts_clean(*at) && !own_method(*at));
        faults.extend(found.map(|at| format!("{}:{} may panic: `{word}`", source.path, line(&shipped, at))));
    }
    faults
}

#[test]
fn a_bad_shape_is_found() {
    let bad = |text: &str| faults(&Source::new("rest/x.rs", text));
    assert_eq!(bad("fn f() { unsafe { g() } }"), ["rest/x.rs:1 has `unsafe`"]);
    assert_eq!(bad("fn f() {\n x.unwrap();\n}"), ["rest/x.rs:2 may panic: `.unwrap()`"]);
    assert_eq!(bad("fn f() { x.expect(\"y\"); }"), ["rest/x.rs:1 may panic: `.expect(`"]);
    assert_eq!(bad("fn f() { panic!(\"no\") }"), ["rest/x.rs:1 may panic: `panic!`"]);
    assert_eq!(bad(&"// long\n".repeat(601)), ["rest/x.rs has 601 lines"]);
    assert_eq!(
        bad("#![forbid(unsafe_code)]\n/// unsafe, x.unwrap()\nfn f() { \"panic!\"; }\n#[cfg(test)]\nmod tests { fn f() { x.unwrap(); } }"),
        [""; 0]
    );
    assert_eq!(faults(&Source::new("rest/tests.rs", "fn f() { x.unwrap(); }")), [""; 0]);
}

#[test]
fn what_ships_is_in_shape() {
    let faults: Vec<String> = all().iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
