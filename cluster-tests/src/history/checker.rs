//! The search for an order, after Wing and Gong, with Lowe's memory of what was tried. What cannot help is not tried.

use std::collections::HashSet;
use std::time::Duration;

use super::tally::Tally;
use super::{Act, Cell, Operation, Outcome};

/// Whether some order explains these operations of one key; `None` if that took more steps than given.
pub fn explained(operations: &[&Operation], steps: u64) -> Option<bool> {
    let mut search = Search::new(operations);
    for _ in 0..steps {
        match search.step() {
            Step::On => {}
            Step::Found => return Some(true),
            Step::Exhausted => return Some(false),
        }
    }
    None
}

enum Step {
    On,
    Found,
    Exhausted,
}

/// Depth first: at each depth an operation that comes next, of those that may.
struct Search<'h> {
    /// Those that have ended by the time they were asked, then those that may never end.
    operations: Vec<&'h Operation>,
    /// How many of them have ended.
    ended: usize,
    /// How many of the ended have no place yet.
    left: usize,
    placed: Bits,
    tally: Tally,
    path: Vec<Frame>,
    /// What was tried: which operations had a place, and what the cell held then.
    seen: HashSet<(Box<[u64]>, Cell)>,
}

/// What the cell holds at one depth, and what may come next.
struct Frame {
    /// The operation that led here; none at the start.
    by: Option<usize>,
    cell: Cell,
    /// What the cell held before, if the operation that led here is one that might not have been done.
    without: Option<Cell>,
    /// Still to be tried, the best last.
    candidates: Vec<usize>,
}

impl<'h> Search<'h> {
    fn new(given: &[&'h Operation]) -> Self {
        let (mut operations, mut open): (Vec<&Operation>, Vec<&Operation>) =
            given.iter().partition(|operation| operation.outcome != Outcome::Unknown);
        // A read that nobody saw says nothing.
        open.retain(|operation| operation.act != Act::Get);
        operations.sort_by_key(|operation| operation.from);
        let ended = operations.len();
        operations.append(&mut open);
        let (placed, tally) = (Bits::new(operations.len()), Tally::new(&operations));
        let mut search = Self { operations, ended, left: ended, placed, tally, path: Vec::new(), seen: HashSet::new() };
        if !search.tally.is_hopeless(None) {
            search.enter(None, None, None);
        }
        search
    }

    fn step(&mut self) -> Step {
        if self.left == 0 {
            return Step::Found;
        }
        let Some(frame) = self.path.last_mut() else { return Step::Exhausted };
        let (cell, without) = (frame.cell, frame.without);
        match frame.candidates.pop() {
            Some(candidate) => self.try_next(candidate, cell, without),
            None => self.back(),
        }
        Step::On
    }

    /// Gives an operation the next place, if that explains its answer and leads where no other way led.
    fn try_next(&mut self, candidate: usize, cell: Cell, without: Option<Cell>) {
        let (operation, open) = (self.operations[candidate], candidate >= self.ended);
        let Some(next) = operation.follow(cell) else { return };
        // What might not have been done need not be, unless the next operation sees it.
        let in_vain = without.is_some_and(|without| operation.follow(without) == Some(next)) || (open && next == cell);
        if in_vain {
            return;
        }
        self.place(candidate);
        let dead = next != cell && self.tally.is_missed(cell);
        if !dead && self.seen.insert((self.placed.essence(), self.tally.essence(next))) {
            self.enter(Some(candidate), next, open.then_some(cell));
        } else {
            self.displace(candidate);
        }
    }

    fn place(&mut self, at: usize) {
        self.placed.flip(at);
        self.tally.remove(self.operations[at]);
        self.left -= usize::from(at < self.ended);
    }

    fn displace(&mut self, at: usize) {
        self.placed.flip(at);
        self.tally.add(self.operations[at]);
        self.left += usize::from(at < self.ended);
    }

    fn enter(&mut self, by: Option<usize>, cell: Cell, without: Option<Cell>) {
        let candidates = self.candidates();
        self.path.push(Frame { by, cell, without, candidates });
    }

    fn back(&mut self) {
        if let Some(by) = self.path.pop().and_then(|frame| frame.by) {
            self.displace(by);
        }
    }

    /// The operations that may come next: asked before any other without a place was answered. Those of unknown outcome are
    /// tried last, the first answered first.
    fn candidates(&self) -> Vec<usize> {
        let mut first_answer = Duration::MAX;
        let mut ended = Vec::new();
        for at in self.placed.first_unset()..self.ended {
            let operation = self.operations[at];
            if operation.from > first_answer {
                break;
            }
            if !self.placed.has(at) {
                first_answer = first_answer.min(operation.to);
                ended.push(at);
            }
        }
        ended.sort_by_key(|at| std::cmp::Reverse(self.operations[*at].to));
        let mut candidates = self.open(first_answer);
        candidates.append(&mut ended);
        candidates
    }

    /// The operations of unknown outcome that were asked by then; one of each kind, since those of a kind are alike.
    fn open(&self, then: Duration) -> Vec<usize> {
        let mut kinds = HashSet::new();
        let waiting = (self.ended..self.operations.len()).filter(|at| !self.placed.has(*at) && self.operations[*at].from <= then);
        waiting.filter(|at| kinds.insert(self.tally.essential(self.operations[*at].act))).collect()
    }
}

/// A set of small numbers.
struct Bits(Vec<u64>);

impl Bits {
    fn new(length: usize) -> Self {
        Self(vec![0; length.div_ceil(64)])
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 == 1
    }

    fn flip(&mut self, at: usize) {
        self.0[at / 64] ^= 1 << (at % 64);
    }

    /// The words that begin with so many full ones.
    fn full_words(&self) -> usize {
        self.0.iter().take_while(|word| **word == u64::MAX).count()
    }

    /// A number at or before the first that is not in the set.
    fn first_unset(&self) -> usize {
        self.full_words() * 64
    }

    /// The set as a short text: how many full words it begins with, then every other word that is not empty, with its place.
    fn essence(&self) -> Box<[u64]> {
        let full = self.full_words();
        let rest = self.0.iter().enumerate().skip(full).filter(|(_, word)| **word != 0);
        std::iter::once(full as u64).chain(rest.flat_map(|(at, word)| [at as u64, *word])).collect()
    }
}
