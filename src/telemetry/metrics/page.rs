//! The page that Prometheus reads: its text format, version 0.0.4.

use std::fmt::Write;
use std::sync::LazyLock;

use super::Histogram;
use super::instruments::precise;

/// The media type of the page.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A metric as the table describes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// Its type: `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels, apart by commas.
    pub labels: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// The table of all metrics.
pub static DESCRIBED: LazyLock<Vec<Described>> = LazyLock::new(|| include_str!("metrics.md").lines().filter_map(described).collect());

fn described(line: &'static str) -> Option<Described> {
    let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
    let name = cells.next()?.strip_suffix('`')?;
    Some(Described { name, kind: cells.next()?, labels: cells.next()?, meaning: cells.next()? })
}

/// The page as it is written.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
    /// The metric whose heading was written last.
    headed: &'static str,
}

impl Page {
    /// A value. All values of one metric must come one after the other.
    pub fn value(&mut self, name: &'static str, labels: &[(&str, &str)], value: f64) {
        self.heading(name);
        self.sample(name, "", labels, value);
    }

    /// A whole number, as [`Page::value`].
    pub fn count(&mut self, name: &'static str, labels: &[(&str, &str)], value: u64) {
        self.value(name, labels, precise(value));
    }

    /// How many of something there are, as [`Page::value`].
    pub fn number(&mut self, name: &'static str, value: usize) {
        self.count(name, &[], u64::try_from(value).unwrap_or(u64::MAX));
    }

    /// A histogram, as [`Page::value`].
    pub fn histogram(&mut self, name: &'static str, labels: &[(&str, &str)], histogram: &Histogram) {
        self.heading(name);
        let sum = histogram.sum();
        let buckets = histogram.buckets();
        for (bound, count) in &buckets {
            let bound = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
            let labels = [labels, &[("le", bound.as_str())]].concat();
            self.sample(name, "_bucket", &labels, precise(*count));
        }
        self.sample(name, "_sum", labels, sum);
        self.sample(name, "_count", labels, precise(buckets.last().map_or(0, |(_, count)| *count)));
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.text
    }

    fn heading(&mut self, name: &'static str) {
        if self.headed == name {
            return;
        }
        self.headed = name;
        if let Some(described) = DESCRIBED.iter().find(|described| described.name == name) {
            let _ = write!(self.text, "# HELP {name} {}\n# TYPE {name} {}\n", described.meaning, described.kind);
        }
    }

    fn sample(&mut self, name: &str, ending: &str, labels: &[(&str, &str)], value: f64) {
        self.text.push_str(name);
        self.text.push_str(ending);
        for (at, (label, text)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{label}=\"{}\"", escaped(text));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{after} {value}");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn values_have_one_heading_and_their_labels() {
        let mut page = Page::default();
        page.count("hearth_users", &[], 5);
        page.value("hearth_disk_bytes", &[("part", "a\"b\\c\nd"), ("x", "y")], 1e15);
        page.value("hearth_disk_bytes", &[], 0.25);
        let text = page.finish();
        let (head, rest) = text.split_once("# HELP hearth_disk_bytes ").unwrap();
        assert_eq!(head, "# HELP hearth_users Users.\n# TYPE hearth_users gauge\nhearth_users 5\n");
        let samples = rest.split_once("# TYPE hearth_disk_bytes gauge\n").unwrap().1;
        assert_eq!(samples, "hearth_disk_bytes{part=\"a\\\"b\\\\c\\nd\",x=\"y\"} 1000000000000000\nhearth_disk_bytes 0.25\n");
    }

    #[test]
    fn a_histogram_has_buckets_sum_and_count() {
        let (mut page, histogram) = (Page::default(), Histogram::of_numbers());
        histogram.record(3);
        page.histogram("hearth_apply_entries", &[("a", "b")], &histogram);
        let text = page.finish();
        for line in
            ["_bucket{a=\"b\",le=\"2\"} 0", "_bucket{a=\"b\",le=\"4\"} 1", "_bucket{a=\"b\",le=\"+Inf\"} 1", "_sum{a=\"b\"} 3", "_count{a=\"b\"} 1"]
        {
            assert!(text.contains(&format!("\nhearth_apply_entries{line}\n")), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn the_table_describes_every_metric_once_and_in_full() {
        let names: HashSet<&str> = DESCRIBED.iter().map(|described| described.name).collect();
        assert_eq!(names.len(), DESCRIBED.len());
        assert!(names.len() > 30);
        for described in &*DESCRIBED {
            assert!(["counter", "gauge", "histogram"].contains(&described.kind), "{described:?}");
            assert_eq!(described.kind == "counter", described.name.ends_with("_total"), "{described:?}");
            assert!(described.meaning.ends_with('.'), "{described:?}");
        }
    }

    #[test]
    fn what_is_recorded_here_is_described() {
        let mut page = Page::default();
        super::super::write(&mut page);
        let text = page.finish();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            assert!(text.contains("# TYPE"), "{name}");
        }
        assert!(text.contains("hearth_build_info{version=\"") && text.contains("hearth_bound_hits_total{bound=\"body\"}"), "{text}");
    }
}
