//! Where a history breaks, for people.

use std::time::Duration;

use super::checker::explained;
use super::{Operation, Outcome};

/// How many operations before the break are shown.
const SHOWN: usize = 12;

/// Shows the first answer of a key's history that no order explains, and what surrounds it.
pub fn explain(key: &str, operations: &[&Operation], steps: u64) -> String {
    let last = first_break(operations, steps);
    let until = last.map_or(Duration::MAX, |operation| operation.to);
    let mut before: Vec<_> = operations.iter().filter(|operation| operation.from <= until).collect();
    before.sort_by_key(|operation| operation.from);
    let lines: Vec<_> = before.iter().rev().take(SHOWN).rev().map(|operation| format!("  {operation}")).collect();
    let mut told = format!("no order of the operations on {key} explains");
    match last {
        Some(last) => told.push_str(&format!("\n  {last}\nafter\n{}\n{}", lines.join("\n"), origin(last, operations))),
        None => told.push_str(&format!(" {} operations", operations.len())),
    }
    told
}

/// The operation whose answer is the first that cannot be explained: what was told before it can.
fn first_break<'h>(operations: &[&'h Operation], steps: u64) -> Option<&'h Operation> {
    let (mut answered, open): (Vec<&Operation>, Vec<&Operation>) = operations.iter().partition(|operation| operation.outcome != Outcome::Unknown);
    answered.sort_by_key(|operation| operation.to);
    let (mut low, mut high) = (0, answered.len());
    while low < high {
        let middle = low.midpoint(high);
        if explained_until(&answered, middle, &open, steps) == Some(false) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    answered.get(low).copied()
}

/// As [`explained`], of what was known when the answer at `last` was there.
fn explained_until(answered: &[&Operation], last: usize, open: &[&Operation], steps: u64) -> Option<bool> {
    let under_way = answered[last + 1..].iter().chain(open).filter(|operation| operation.from <= answered[last].to);
    let under_way: Vec<_> = under_way.map(|operation| Operation { outcome: Outcome::Unknown, ..(*operation).clone() }).collect();
    let known: Vec<_> = answered[..=last].iter().copied().chain(&under_way).collect();
    explained(&known, steps)
}

/// Who wrote what was read.
fn origin(read: &Operation, operations: &[&Operation]) -> String {
    let Outcome::Read(Some(value)) = read.outcome else { return String::new() };
    match operations.iter().find(|operation| operation.value() == Some(value)) {
        Some(write) => format!("{value} was written by\n  {write}\n"),
        None => format!("{value} was never written\n"),
    }
}
