//! Timestamps as clients write them.

use super::civil::{DAY, Date, days_of};
use super::{BadTimestamp, Timestamp};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Timestamp {
    /// Reads an `xs:dateTime` or an `xs:date` (its midnight), without a zone as UTC. Whitespace around it is ignored.
    ///
    /// # Errors
    /// When the text is neither, or outside the range of a timestamp.
    pub fn parse_xsd(text: &str) -> Result<Self, BadTimestamp> {
        let mut scan = Scan(text.trim_ascii());
        scan.iso(Separators::Strict).filter(|_| scan.0.is_empty()).ok_or(BadTimestamp)
    }

    /// Reads the forms that a JSON string may have: a number of milliseconds, ISO 8601 with or without a zone (then
    /// UTC), a date (its midnight), an RFC 1123 date. Blank text is no date at all.
    ///
    /// # Errors
    /// When the text is none of these, or outside the range of a timestamp.
    pub fn parse_json(text: &str) -> Result<Option<Self>, BadTimestamp> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(millis) = text.parse() {
            return Ok(Some(Self(millis)));
        }
        Self::parse_words(text).map(Some).ok_or(BadTimestamp)
    }

    fn parse_words(text: &str) -> Option<Self> {
        let mut scan = Scan(text);
        let read = if text.starts_with(|c: char| c.is_ascii_alphabetic()) { scan.rfc1123() } else { scan.iso(Separators::Loose) };
        read.filter(|_| scan.0.is_empty())
    }
}

/// Which ISO forms are taken.
#[derive(Clone, Copy, PartialEq)]
enum Separators {
    /// XML Schema's: seconds are needed, zones are `Z` or `±hh:mm`, a date may have a zone.
    Strict,
    /// JSON's: seconds may be missing, zones may be `±hhmm` or `±hh`.
    Loose,
}

/// What is left to read.
struct Scan<'a>(&'a str);

impl Scan<'_> {
    fn iso(&mut self, separators: Separators) -> Option<Timestamp> {
        let days = self.date()?;
        let time = if self.skip("T") { self.time(separators)? } else { 0 };
        let zone = self.zone(separators)?;
        timestamp(days, time, zone)
    }

    /// `Tue, 14 Nov 2023 22:13:20 GMT`, the zone also as `±hhmm`.
    fn rfc1123(&mut self) -> Option<Timestamp> {
        self.one_of(&WEEKDAYS)?;
        self.expect(", ")?;
        let day = self.number(1, 2)?;
        self.expect(" ")?;
        let month = self.one_of(&MONTHS)? + 1;
        self.expect(" ")?;
        let year = self.number(4, 4)?;
        self.expect(" ")?;
        let days = days_of(Date { year, month, day })?;
        let time = self.time(Separators::Strict)?;
        self.expect(" ")?;
        let named = self.skip("GMT") || self.skip("UTC");
        let zone = if named { 0 } else { self.zone(Separators::Loose).filter(|_| self.0.is_empty())? };
        timestamp(days, time, zone)
    }

    /// `[-]YYYY-MM-DD`, the year of at least four digits.
    fn date(&mut self) -> Option<i64> {
        let negative = self.skip("-");
        let year = self.number(4, 9)?;
        self.expect("-")?;
        let month = self.number(2, 2)?;
        self.expect("-")?;
        let day = self.number(2, 2)?;
        days_of(Date { year: if negative { -year } else { year }, month, day })
    }

    /// `hh:mm:ss[.fraction]` in milliseconds; `24:00:00` is the end of the day; a leap second counts as the next one.
    fn time(&mut self, separators: Separators) -> Option<i64> {
        let hour = self.number(2, 2)?;
        self.expect(":")?;
        let minute = self.number(2, 2)?;
        let has_seconds = self.skip(":");
        if !has_seconds && separators == Separators::Strict {
            return None;
        }
        let second = if has_seconds { self.number(2, 2)? } else { 0 };
        let millis = if has_seconds && self.skip(".") { self.fraction()? } else { 0 };
        let time = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
        (hour <= 24 && minute < 60 && second <= 60 && (hour < 24 || time == DAY)).then_some(time)
    }

    /// Any number of digits; what is finer than a millisecond is cut off.
    fn fraction(&mut self) -> Option<i64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        let padded = format!("{digits:0<3}");
        if digits.is_empty() { None } else { padded.get(..3)?.parse().ok() }
    }

    /// Milliseconds east of UTC; no zone is UTC.
    fn zone(&mut self, separators: Separators) -> Option<i64> {
        let sign = match self.0.bytes().next() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => {
                self.skip("Z");
                return Some(0);
            }
        };
        self.0 = &self.0[1..];
        let hours = self.number(2, 2)?;
        let colon = self.skip(":");
        let bare = !colon && self.0.is_empty();
        if !colon && separators == Separators::Strict {
            return None;
        }
        let minutes = if bare { 0 } else { self.number(2, 2)? };
        (hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
    }

    /// Takes up to `most` digits, and needs `least`.
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let length = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if length < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        digits.parse().ok()
    }

    fn one_of(&mut self, words: &[&str]) -> Option<i64> {
        let (word, rest) = self.0.split_at_checked(3)?;
        let place = words.iter().position(|known| known.eq_ignore_ascii_case(word))?;
        self.0 = rest;
        i64::try_from(place).ok()
    }

    fn skip(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.skip(text).then_some(())
    }
}

fn timestamp(days: i64, time: i64, zone: i64) -> Option<Timestamp> {
    let millis = i128::from(days) * i128::from(DAY) + i128::from(time) - i128::from(zone);
    i64::try_from(millis).ok().map(Timestamp)
}
