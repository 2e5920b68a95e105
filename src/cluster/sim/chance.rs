//! Chance that can be repeated: numbers that follow from a seed.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use uuid::Uuid;

/// Draws (SplitMix64). Clones draw from the same source.
#[derive(Clone)]
pub struct Chance(Arc<Mutex<u64>>);

impl Chance {
    /// What follows from this seed.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(seed)))
    }

    /// Any number.
    pub fn draw(&self) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number within.
    pub fn within(&self, range: Range<u64>) -> u64 {
        range.start + self.draw() % (range.end - range.start)
    }

    /// Whether it happens, once in so many times; never for 0.
    pub fn once_in(&self, times: u64) -> bool {
        times > 0 && self.draw().is_multiple_of(times)
    }

    /// A time between so many milliseconds.
    pub fn time(&self, milliseconds: Range<u64>) -> Duration {
        Duration::from_micros(self.within(milliseconds.start * 1000..milliseconds.end * 1000))
    }

    /// One of these.
    pub fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.within(0..of.len() as u64)).unwrap()]
    }

    /// An id.
    pub fn uuid(&self) -> Uuid {
        Uuid::from_u64_pair(self.draw(), self.draw())
    }

    /// A source of its own.
    pub fn fork(&self) -> Self {
        Self::new(self.draw())
    }
}
