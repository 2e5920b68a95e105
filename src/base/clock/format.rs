//! Timestamps as clients see them, always in UTC.

use super::Timestamp;
use super::civil::{DAY, date_of};

impl Timestamp {
    /// As `xs:dateTime`: `YYYY-MM-DDThh:mm:ss[.SSS]Z`; the fraction is left out when it is zero.
    pub fn to_xsd(self) -> String {
        let text = self.to_whole_seconds();
        match self.0.rem_euclid(1000) {
            0 => text + "Z",
            millis => format!("{text}.{millis:03}Z"),
        }
    }

    /// As the stamp of delayed delivery (XEP-0203): `YYYY-MM-DDThh:mm:ss.SSSZ`, always with three digits.
    pub fn to_stamp(self) -> String {
        format!("{}.{:03}Z", self.to_whole_seconds(), self.0.rem_euclid(1000))
    }

    fn to_whole_seconds(self) -> String {
        let date = date_of(self.0.div_euclid(DAY));
        let second = self.0.rem_euclid(DAY) / 1000;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let sign = if date.year < 0 { "-" } else { "" };
        let (year, month, day) = (date.year.unsigned_abs(), date.month, date.day);
        format!("{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}
