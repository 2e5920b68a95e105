//! Random numbers that can be had again.

/// Random numbers from a seed that is printed, so that a failure can be repeated: `HEARTH_TEST_SEED`.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Seeded by the environment, else by the clock.
    pub fn new(name: &str) -> Self {
        let clock = || u64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() & 0xFFFF_FFFF).unwrap();
        let seed = std::env::var("HEARTH_TEST_SEED").map_or_else(|_| clock(), |text| text.parse().expect("HEARTH_TEST_SEED is a number"));
        eprintln!("{name}: HEARTH_TEST_SEED={seed}");
        Self::seeded(seed)
    }

    /// Of this seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// Another one, for a thread.
    pub fn split(&mut self) -> Self {
        Self(self.roll(u64::MAX - 1) | 1)
    }

    /// A number below `bound`.
    pub fn roll(&mut self, bound: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }

    /// A time up to `most`, to the millisecond.
    pub fn time(&mut self, most: std::time::Duration) -> std::time::Duration {
        std::time::Duration::from_millis(self.roll(u64::try_from(most.as_millis()).unwrap() + 1))
    }
}
