//! The metrics of nodes that are one cluster.

use std::thread;
use std::time::{Duration, Instant};

use cluster_tests::metrics::Scrape;

use super::three::Three;

/// How long the nodes may take to vote.
const PATIENCE: Duration = Duration::from_secs(60);

fn scrapes(three: &Three) -> [Scrape; 3] {
    three.rest.each_ref().map(|address| Scrape::of(address))
}

#[test]
fn nodes_of_a_cluster_tell_the_same_of_it() {
    let three = Three::start();
    let all_vote = |page: &Scrape| page.value("hearth_raft_voters") == Some(3.0) && page.value("hearth_cluster_members") == Some(3.0);
    let since = Instant::now();
    while !scrapes(&three).iter().all(all_vote) {
        assert!(since.elapsed() < PATIENCE, "not all come to vote");
        thread::sleep(Duration::from_millis(20));
    }
    let pages = scrapes(&three);
    let sum = |series: &str| pages.iter().map(|page| page.value(series).unwrap()).sum::<f64>();
    assert_eq!((sum("hearth_raft_is_leader"), sum("hearth_cluster_is_senior")), (1.0, 1.0));
    let leader = pages[0].value("hearth_raft_leader").unwrap();
    assert!(leader >= 1.0 && pages.iter().all(|page| page.value("hearth_raft_leader") == Some(leader)));
    for page in &pages {
        let peers = page.metrics.get("hearth_raft_lag_entries").map_or(0, |metric| metric.series.len());
        assert_eq!(peers, if page.value("hearth_raft_is_leader") == Some(1.0) { 2 } else { 0 });
    }
}
