//! The metrics page, read as strictly as its format is defined.

use std::collections::BTreeMap;

use crate::rest::Client;

/// A metrics page.
#[derive(Debug, Default)]
pub struct Scrape {
    /// The metrics by name: their type, and their series in order.
    pub metrics: BTreeMap<String, Metric>,
}

/// One metric of a page.
#[derive(Debug, Default)]
pub struct Metric {
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// What the page says it means.
    pub help: String,
    /// Its series: the name with its ending, labels and value.
    pub series: Vec<Series>,
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What follows the metric's name: nothing, or `_bucket`, `_sum` or `_count`.
    pub ending: String,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// Its value.
    pub value: f64,
}

impl Scrape {
    /// The page of the node at `address`, whoever may read it.
    ///
    /// # Panics
    /// There is no page, or it breaks its format.
    #[track_caller]
    pub fn of(address: &str) -> Self {
        let answer = Client::new(address).absolute("GET", "/metrics", None);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        Self::parse(&answer.text()).unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// The value of a series such as `hearth_users` or `hearth_disk_bytes{part="log"}`, if it is there.
    pub fn value(&self, series: &str) -> Option<f64> {
        let (name, labels) = split(series).expect("a series");
        let found = self.metrics.iter().filter_map(|(metric, described)| Some((name.strip_prefix(metric.as_str())?, described)));
        found
            .flat_map(|(ending, metric)| metric.series.iter().filter(move |series| series.ending == ending))
            .find(|s| s.labels == labels)
            .map(|s| s.value)
    }

    /// Reads a page.
    ///
    /// # Errors
    /// The first line that is wrong, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut page, mut current) = (Self::default(), String::new());
        if !text.ends_with('\n') {
            return Err("the last line does not end".to_owned());
        }
        for line in text.lines() {
            page.line(line, &mut current).ok_or_else(|| format!("not as it should be: {line}"))?;
        }
        match page.metrics.iter().find(|(_, metric)| metric.kind == "histogram" && !whole(&metric.series)) {
            Some((name, metric)) => Err(format!("{name} is no histogram: {:?}", metric.series)),
            None => Ok(page),
        }
    }

    fn line(&mut self, line: &str, current: &mut String) -> Option<()> {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ')?;
            let new = self.metrics.insert(name.to_owned(), Metric { help: help.to_owned(), ..Metric::default() }).is_none();
            name.clone_into(current);
            return new.then_some(());
        }
        let metric = self.metrics.get_mut(current.as_str())?;
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            kind.strip_prefix(current.as_str())?.strip_prefix(' ')?.clone_into(&mut metric.kind);
            return metric.series.is_empty().then_some(());
        }
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = split(series)?;
        let ending = name.strip_prefix(current.as_str())?;
        let endings: &[&str] = if metric.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        let series = Series { ending: ending.to_owned(), labels, value: value.parse().ok()? };
        let is_new = !metric.series.iter().any(|other| (&other.ending, &other.labels) == (&series.ending, &series.labels));
        metric.series.push(series);
        (is_new && endings.contains(&ending)).then_some(())
    }
}

/// A series as its name and its labels.
fn split(series: &str) -> Option<(&str, Vec<(String, String)>)> {
    let Some((name, labels)) = series.split_once('{') else { return Some((series, Vec::new())) };
    let mut rest = labels.strip_suffix('}')?;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (label, behind) = rest.split_once("=\"")?;
        // No label of these pages holds a quotation mark.
        let (text, behind) = behind.split_once('"')?;
        found.push((label.to_owned(), text.to_owned()));
        rest = behind.strip_prefix(',').unwrap_or(behind);
    }
    Some((name, found))
}

/// Whether these are histograms: buckets that do not shrink and end in what `_count` says, and a sum.
fn whole(series: &[Series]) -> bool {
    let mut last = (Vec::new(), 0.0, 0.0);
    series.iter().all(|series| {
        let mut labels = series.labels.clone();
        match series.ending.as_str() {
            "_bucket" => {
                let Some(("le", bound)) = labels.pop().as_ref().map(|(name, bound)| (name.as_str(), bound.parse::<f64>().unwrap_or(f64::NAN))) else {
                    return false;
                };
                let grows = last.0 != labels || last.1 == f64::INFINITY || (bound > last.1 && series.value >= last.2);
                last = (labels, bound, series.value);
                grows
            }
            "_count" => last.0 == labels && last.1 == f64::INFINITY && last.2 == series.value,
            _ => last.0 == labels && last.1 == f64::INFINITY,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let page =
            Scrape::parse("# HELP a Some.\n# TYPE a gauge\na 1\na{x=\"y\",z=\"1\"} 2.5\n# HELP b_total B.\n# TYPE b_total counter\nb_total 7\n");
        let page = page.expect("a good page");
        assert_eq!(
            (page.value("a"), page.value("a{x=\"y\",z=\"1\"}"), page.value("b_total"), page.value("c")),
            (Some(1.0), Some(2.5), Some(7.0), None)
        );
    }

    #[test]
    fn a_bad_page_is_found() {
        let head = "# HELP a Some.\n# TYPE a histogram\n";
        let good = "a_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 5\na_count 2\n";
        assert!(Scrape::parse(&format!("{head}{good}")).is_ok());
        for bad in [
            "a 1\n",
            "# HELP a Some.\n# TYPE a gauge\nb 1\n",
            "# HELP a Some.\n# TYPE a gauge\na 1\na 1\n",
            "# HELP a Some.\n# TYPE a gauge\na one\n",
            "# HELP a Some.\n# TYPE a gauge\na 1",
            &format!("{head}{}", good.replace("le=\"1\"} 1", "le=\"1\"} 3")),
            &format!("{head}{}", good.replace("a_count 2", "a_count 3")),
            &format!("{head}{good}# HELP a Again.\n"),
        ] {
            assert!(Scrape::parse(bad).is_err(), "{bad}");
        }
    }
}
