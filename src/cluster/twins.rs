//! Two processes that both say they are one node: one of them runs on a copy of the other's data directory. Each would vote, and
//! each would take the other's place in turn, so the one that came later is told to stop.
//!
//! A process that has ended does not speak again, while one that has merely been copied does. So who comes later has to wait until
//! the other one has been silent for longer than a living one is.

use std::time::Duration;

use uuid::Uuid;

/// How long a process may be silent until it is taken for one that has ended: three times as long as one that lives.
const SILENCE: Duration = Duration::from_millis(1500);

/// The processes that have spoken as one node.
#[derive(Clone, Debug)]
pub struct Twins {
    elder: Uuid,
    heard: Duration,
    younger: Option<Uuid>,
    /// How often the elder has spoken since there is a younger one. A word may have been on its way for long, so one proves nothing.
    again: u32,
    refused: Option<Uuid>,
}

/// What becomes of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the node.
    Is,
    /// It will be, if the other one has ended.
    Waits,
    /// It runs on a copy.
    Copy,
}

impl Twins {
    /// The first process is heard of, at this time.
    pub fn first(process: Uuid, now: Duration) -> Self {
        Self { elder: process, heard: now, younger: None, again: 0, refused: None }
    }

    /// Whether a process other than this one has spoken lately.
    pub fn has_another(&self, process: Uuid, now: Duration) -> bool {
        self.elder != process && now.saturating_sub(self.heard) <= SILENCE
    }

    /// A process speaks at this time.
    pub fn speaks(&mut self, process: Uuid, now: Duration) -> Verdict {
        if self.refused == Some(process) {
            return Verdict::Copy;
        }
        if process == self.elder {
            self.heard = now;
            self.again += u32::from(self.younger.is_some());
            if self.again > 1 {
                (self.refused, self.again) = (self.younger.take(), 0);
            }
            return Verdict::Is;
        }
        if now.saturating_sub(self.heard) > SILENCE {
            *self = Self { refused: self.refused, ..Self::first(process, now) };
            return Verdict::Is;
        }
        if self.younger.replace(process) != Some(process) {
            self.again = 0;
        }
        Verdict::Waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Uuid = Uuid::from_u128(1);
    const NEW: Uuid = Uuid::from_u128(2);

    fn at(tenths: u32) -> Duration {
        Duration::from_millis(100) * tenths
    }

    #[test]
    fn a_node_that_is_restarted_goes_on_once_the_process_before_is_silent() {
        let mut twins = Twins::first(OLD, at(0));
        assert_eq!(twins.speaks(NEW, at(5)), Verdict::Waits);
        assert_eq!(twins.speaks(OLD, at(6)), Verdict::Is, "its last word came late");
        let heard: Vec<_> = (10..40).step_by(5).map(|now| twins.speaks(NEW, at(now))).collect();
        assert_eq!(heard, [Verdict::Waits, Verdict::Waits, Verdict::Waits, Verdict::Is, Verdict::Is, Verdict::Is]);
        assert_eq!((twins.has_another(NEW, at(36)), twins.has_another(OLD, at(36)), twins.has_another(OLD, at(60))), (false, true, false));
        assert_eq!(twins.speaks(Uuid::from_u128(3), at(60)), Verdict::Is, "it was silent before that");
    }

    #[test]
    fn of_two_that_go_on_speaking_the_later_one_runs_on_a_copy() {
        let mut twins = Twins::first(OLD, at(0));
        let heard: Vec<_> = (1..100).step_by(5).map(|now| (twins.speaks(NEW, at(now)), twins.speaks(OLD, at(now + 2)))).collect();
        assert!(heard.iter().all(|(_, old)| *old == Verdict::Is));
        assert_eq!(heard[..2], [(Verdict::Waits, Verdict::Is); 2]);
        assert!(heard[2..].iter().all(|(new, _)| *new == Verdict::Copy), "{heard:?}");
    }
}
