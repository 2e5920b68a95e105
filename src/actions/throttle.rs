//! Slowing down those who guess: failed logins by address and by name, in a fixed window, on this node.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::config;

/// Longest name that is counted as itself, in characters.
const NAME_MAX: usize = 256;

/// Failed logins of late.
#[derive(Debug)]
pub struct Throttle {
    window: Duration,
    per_address: u32,
    per_name: u32,
    remembered: usize,
    failures: Mutex<HashMap<Key, (Instant, u32)>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    Name(String),
}

impl Key {
    fn name(name: &str) -> Self {
        Self::Name(name.chars().take(NAME_MAX).collect::<String>().to_lowercase())
    }
}

impl Throttle {
    /// As configured; a bound of 0 is none.
    pub fn new(config: &config::Throttle) -> Self {
        let bound = |most: u32| if most == 0 { u32::MAX } else { most };
        Self {
            window: config.window(),
            per_address: bound(config.per_address),
            per_name: bound(config.per_name),
            remembered: config.remembered,
            failures: Mutex::default(),
        }
    }

    /// Seconds to wait before another try is looked at; `None` when it may be.
    pub fn wait(&self, address: IpAddr, name: Option<&str>) -> Option<u32> {
        let failures = self.failures.lock().ok()?;
        let over = |key: &Key, most: u32| {
            let (since, count) = failures.get(key)?;
            let left = self.window.checked_sub(since.elapsed())?;
            (*count >= most).then(|| u32::try_from(left.as_secs()).unwrap_or(u32::MAX).max(1))
        };
        let by_name = name.and_then(|name| over(&Key::name(name), self.per_name));
        over(&Key::Address(address), self.per_address).max(by_name)
    }

    /// Counts a failed try. When too many keys are counted, expired ones go; if that does not help, all do.
    pub fn failed(&self, address: IpAddr, name: Option<&str>) {
        let Ok(mut failures) = self.failures.lock() else { return };
        if failures.len() >= self.remembered {
            failures.retain(|_, (since, _)| since.elapsed() < self.window);
        }
        if failures.len() >= self.remembered {
            failures.clear();
        }
        for key in [Some(Key::Address(address)), name.map(Key::name)].into_iter().flatten() {
            let entry = failures.entry(key).or_insert((Instant::now(), 0));
            if entry.0.elapsed() >= self.window {
                *entry = (Instant::now(), 0);
            }
            entry.1 = entry.1.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(window_s: u64) -> Throttle {
        Throttle::new(&config::Throttle { window_s, per_address: 3, per_name: 2, remembered: 100 })
    }

    #[test]
    fn many_failures_make_an_address_wait_and_a_name_too() {
        let throttle = throttle(60);
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        throttle.failed(here, Some("Ann"));
        assert_eq!(throttle.wait(here, Some("ann")), None);
        throttle.failed(here, Some("ann"));
        assert!(throttle.wait(there, Some("ANN")).is_some());
        assert_eq!(throttle.wait(there, Some("bob")), None);
        throttle.failed(here, None);
        assert!(throttle.wait(here, Some("bob")).is_some());
    }

    #[test]
    fn a_window_passes() {
        let throttle = throttle(0);
        let here = IpAddr::from([127, 0, 0, 1]);
        throttle.failed(here, Some("ann"));
        throttle.failed(here, Some("ann"));
        assert_eq!(throttle.wait(here, Some("ann")), None);
    }
}
