//! The table at the end.

use std::fmt;

use super::stats::Summary;

/// What was measured, row by row.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<[String; 6]>,
}

/// What a figure must be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Only told.
    None,
}

impl Target {
    fn verdict(self, figure: f64) -> &'static str {
        match self {
            Self::AtLeast(bound) if figure >= bound => "yes",
            Self::AtMost(bound) if figure <= bound => "yes",
            Self::None => "",
            _ => "**no**",
        }
    }

    fn text(self, unit: &str) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {bound}{unit}"),
            Self::AtMost(bound) => format!("≤ {bound}{unit}"),
            Self::None => String::new(),
        }
    }
}

impl Summary {
    fn text(&self) -> String {
        let ms = |micros: u32| f64::from(micros) / 1000.0;
        let (rate, p50, p99) = (self.rate, ms(self.p50), ms(self.p99));
        format!("{rate:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, CPU {:.0} µs, {:.1} sleeps", self.cpu, self.sleeps)
    }
}

impl Table {
    /// Two contenders and the ratio of what they did.
    pub fn versus(&mut self, what: &str, hearth: Summary, other: (&str, Summary), ratio: f64, target: Target) {
        let other = format!("{}: {}", other.0, other.1.text());
        self.row([what.into(), hearth.text(), other, format!("{ratio:.2}"), target.text(""), target.verdict(ratio).into()]);
    }

    /// One figure; without a unit it is a ratio.
    pub fn figure(&mut self, what: &str, figure: f64, unit: &str, target: Target) {
        let digits = if unit.is_empty() { 2 } else { 1 };
        self.row([what.into(), format!("{figure:.digits$}{unit}"), String::new(), String::new(), target.text(unit), target.verdict(figure).into()]);
    }

    /// Something in words.
    pub fn note(&mut self, what: &str, text: &str) {
        self.row([what.into(), text.into(), String::new(), String::new(), String::new(), String::new()]);
    }

    fn row(&mut self, row: [String; 6]) {
        // Also at once, for whoever waits.
        eprintln!("{}", row.join(" | "));
        self.rows.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| Measure | Hearth | Beside it | Ratio | Target | Met |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for row in &self.rows {
            writeln!(f, "| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}
