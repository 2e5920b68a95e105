//! The Grafana dashboard asks for metrics that there are, and for all of them.

use std::collections::BTreeSet;

use hearth::telemetry::metrics::DESCRIBED;
use serde_json::Value;

use super::text;

/// The metrics that an expression names.
fn named(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("hearth_") || word.starts_with("process_")).map(str::to_owned).collect()
}

/// The described metric behind a series' name, if there is one.
fn metric(series: &str) -> Option<&'static str> {
    let is_part = |name: &str, kind: &str| kind == "histogram" && ["_bucket", "_sum", "_count"].iter().any(|part| series == format!("{name}{part}"));
    DESCRIBED.iter().find(|described| described.name == series || is_part(described.name, described.kind)).map(|described| described.name)
}

fn expressions(dashboard: &Value) -> Vec<String> {
    let targets = dashboard["panels"].as_array().unwrap().iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let asked = dashboard["templating"]["list"].as_array().unwrap().iter().filter_map(|variable| variable["query"]["query"].as_str());
    targets.map(|target| target["expr"].as_str().unwrap()).chain(asked).map(str::to_owned).collect()
}

#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    let dashboard: Value = serde_json::from_str(&text(".deploy/grafana.json")).unwrap();
    let asked: BTreeSet<String> = expressions(&dashboard).iter().flat_map(|expression| named(expression)).collect();
    let unknown: Vec<&String> = asked.iter().filter(|series| metric(series).is_none()).collect();
    assert!(unknown.is_empty(), "not described: {unknown:?}");
    let shown: BTreeSet<&str> = asked.iter().filter_map(|series| metric(series)).collect();
    let missing: Vec<&str> = DESCRIBED.iter().map(|described| described.name).filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "not shown: {missing:?}");
}

#[test]
fn the_dashboard_can_be_imported_anywhere() {
    let dashboard: Value = serde_json::from_str(&text(".deploy/grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        for target in panel["targets"].as_array().into_iter().flatten() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{panel}");
        }
    }
    assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource");
}
