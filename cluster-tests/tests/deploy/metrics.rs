//! The metrics of nodes that are one cluster.

use cluster_tests::cluster::PATIENCE;
use cluster_tests::metrics::Scrape;
use cluster_tests::{Cluster, Dice, wait_for};

#[test]
fn nodes_of_a_cluster_tell_the_same_of_it() {
    let cluster = Cluster::start(3, "", Dice::new("metrics"));
    let scrapes = || cluster.addresses().iter().map(|address| Scrape::of(address)).collect::<Vec<_>>();
    let all_vote = |page: &Scrape| page.value("hearth_raft_voters") == Some(3.0) && page.value("hearth_cluster_members") == Some(3.0);
    let pages = wait_for("all three to vote", PATIENCE, || Some(scrapes()).filter(|pages| pages.iter().all(all_vote)).ok_or_else(String::new));
    let sum = |series: &str| pages.iter().map(|page| page.value(series).unwrap()).sum::<f64>();
    assert_eq!((sum("hearth_raft_is_leader"), sum("hearth_cluster_is_senior")), (1.0, 1.0));
    let leader = pages[0].value("hearth_raft_leader").unwrap();
    assert!(leader >= 1.0 && pages.iter().all(|page| page.value("hearth_raft_leader") == Some(leader)));
    for page in &pages {
        let peers = page.metrics.get("hearth_raft_lag_entries").map_or(0, |metric| metric.series.len());
        assert_eq!(peers, if page.value("hearth_raft_is_leader") == Some(1.0) { 2 } else { 0 });
    }
}
