//! A witness of the line of seniority while things go wrong. It asks one node after the other, so each answer must agree with
//! those before it: a life that has left the line never comes back, nobody overtakes, and whoever is new is the youngest.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use cluster_tests::rest::BASE;
use cluster_tests::{Client, Cluster};

/// How long an answer may take: a node that is cut off or stopped is passed over.
const QUICK: Duration = Duration::from_secs(2);

/// How long it rests between two questions.
const REST: Duration = Duration::from_millis(50);

/// A life of a node: its UUID, and when it joined, in milliseconds since the epoch.
type Life = (String, i64);

/// What has been seen of the line.
#[derive(Default)]
struct Line {
    last: Vec<Life>,
    seen: BTreeSet<Life>,
    answers: usize,
}

impl Line {
    fn follow(&mut self, line: Vec<Life>) -> Result<(), String> {
        let known = line.iter().take_while(|life| self.seen.contains(*life)).count();
        let mut before = self.last.iter();
        let in_order = line[..known].iter().all(|life| before.any(|other| other == life));
        let are_new = line[known..].iter().all(|life| !self.seen.contains(life));
        if !(in_order && are_new) {
            return Err(format!("the line was {:?} and is {line:?}", self.last));
        }
        self.seen.extend(line[known..].iter().cloned());
        self.last = line;
        self.answers += 1;
        Ok(())
    }
}

/// Asks until it is told to stop.
pub struct Witness {
    stop: Arc<AtomicBool>,
    work: JoinHandle<Result<usize, String>>,
}

impl Witness {
    /// Of all nodes of a cluster.
    pub fn start(cluster: &Cluster) -> Self {
        let clients: Vec<Client> = (0..cluster.size()).map(|node| cluster.client(node).patience(QUICK)).collect();
        let stop = Arc::<AtomicBool>::default();
        let told = Arc::clone(&stop);
        let work = std::thread::spawn(move || {
            let mut line = Line::default();
            for client in clients.iter().cycle().take_while(|_| !told.load(Ordering::Relaxed)) {
                if let Some(lives) = lives(client)? {
                    line.follow(lives)?;
                }
                std::thread::sleep(REST);
            }
            Ok(line.answers)
        });
        Self { stop, work }
    }

    /// What it has to say: how many answers agreed.
    #[track_caller]
    pub fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.work.join().expect("the witness does not panic").unwrap_or_else(|wrong| panic!("{wrong}"))
    }
}

/// The line as a node tells of it, the senior first; `None` when it cannot answer now.
fn lives(client: &Client) -> Result<Option<Vec<Life>>, String> {
    let Ok(answer) = client.try_absolute("GET", &format!("{BASE}/clustering/nodes"), None) else { return Ok(None) };
    if answer.status != 200 {
        return Ok(None);
    }
    let value = answer.value();
    let listed = value["clusterNodes"].as_array().ok_or_else(|| answer.text())?;
    let seniors: Vec<bool> = listed.iter().map(|node| node["seniorMember"] == true).collect();
    if seniors.iter().enumerate().any(|(place, senior)| *senior != (place == 0)) {
        return Err(format!("not the first alone is the senior: {}", answer.text()));
    }
    let life = |node: &serde_json::Value| Some((node["nodeID"].as_str()?.to_owned(), node["joinedTime"].as_i64()?));
    listed.iter().map(life).collect::<Option<_>>().ok_or_else(|| answer.text()).map(Some)
}

#[test]
fn the_witness_tells_a_line_that_cannot_be() {
    let life = |name: &str, at| (name.to_owned(), at);
    let [a, b, c, a2] = [life("a", 1), life("b", 2), life("c", 3), life("a", 4)];
    let judge = |lines: &[&[&Life]]| {
        let mut seen = Line::default();
        lines.iter().try_for_each(|line| seen.follow(line.iter().copied().cloned().collect()))
    };
    judge(&[&[&a], &[&a, &b, &c], &[&b, &c], &[&b, &c, &a2], &[&a2]]).unwrap();
    judge(&[&[&a, &b], &[&b], &[&a, &b]]).expect_err("a life that was over");
    judge(&[&[&a, &b], &[&b, &a]]).expect_err("one that overtakes");
    judge(&[&[&b, &c], &[&a, &b, &c]]).expect_err("one that comes later and is older");
}
