//! Dates: milliseconds since the epoch inside, `xs:dateTime` in XML, a number in JSON (rooms.md §1.7).

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat};

use super::json::Json;
use super::read::Expected;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub i64);

const DATE: Expected = Expected("a date");

impl Date {
    /// The moment as `xs:dateTime`, always in UTC: `2023-11-14T22:13:20.123Z`, whole seconds without
    /// fraction. `None` outside the years 0 to 9999.
    pub fn to_xml(self) -> Option<String> {
        let format = match self.0.rem_euclid(1000) {
            0 => SecondsFormat::Secs,
            _ => SecondsFormat::Millis,
        };
        self.to_rfc3339(format)
    }

    /// The moment as the text used in room history: as [`Self::to_xml`], always with milliseconds.
    pub fn to_stamp(self) -> Option<String> {
        self.to_rfc3339(SecondsFormat::Millis)
    }

    fn to_rfc3339(self, format: SecondsFormat) -> Option<String> {
        let moment = DateTime::from_timestamp_millis(self.0)?;
        // Other years would need a sign or more digits than readers expect.
        let text = moment.to_rfc3339_opts(format, true);
        text.starts_with(|c: char| c.is_ascii_digit()).then_some(text)
    }

    /// Reads `xs:dateTime` or `xs:date`; without zone it is UTC; empty is absent.
    pub fn from_xml(text: &str) -> Result<Option<Self>, Expected> {
        match text.trim() {
            "" => Ok(None),
            text => iso(text).map(Some).ok_or(DATE),
        }
    }

    /// Reads milliseconds as number or text, ISO 8601, or an RFC 1123 date; null and empty are absent.
    pub fn from_json(value: &Json) -> Result<Option<Self>, Expected> {
        match value {
            Json::Null => Ok(None),
            Json::Number(text) => text.parse().map(|ms| Some(Self(ms))).map_err(|_| DATE),
            Json::String(text) => match text.trim() {
                "" => Ok(None),
                text => any(text).map(Some).ok_or(DATE),
            },
            Json::Bool(_) | Json::List(_) | Json::Object(_) => Err(DATE),
        }
    }
}

fn any(text: &str) -> Option<Date> {
    let millis = text.parse().ok().map(Date);
    let rfc1123 = || DateTime::parse_from_rfc2822(text).ok().map(|t| Date(t.timestamp_millis()));
    millis.or_else(|| iso(text)).or_else(rfc1123)
}

fn iso(text: &str) -> Option<Date> {
    if let Ok(moment) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z") {
        return Some(Date(moment.timestamp_millis()));
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    let midnight = || {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(day.and_time(NaiveTime::MIN))
    };
    let moment = local.or_else(midnight)?;
    Some(Date(moment.and_utc().timestamp_millis()))
}
