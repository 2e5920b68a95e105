//! How a node that has no data comes to be in a cluster: it asks the seeds until one of them has a cluster and takes it in, or
//! until it is its own turn to found one.
//!
//! A cluster is founded by one node only, the first of the sorted seeds, and only when so many seeds as are expected say that
//! they have none and nobody says that there is one. More than half of the seeds are expected, so a cluster that a majority of
//! them is in is always heard of.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::calls::{seed, within};
use crate::base::ids::process;
use crate::wire::Dialer;
use crate::wire::cluster::{JoinRequest, ProbeRequest, ProbeResponse, join_response};

/// How long a seed may take to answer,
const ASKING: Duration = Duration::from_secs(2);
/// and to take this node in.
const JOINING: Duration = Duration::from_secs(20);
/// How long until the seeds are asked again.
const PAUSE: Duration = Duration::from_millis(250);
/// How often it is said what is waited for.
const TELLING: Duration = Duration::from_secs(10);

/// What a seed said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It does not answer; why.
    Nothing(String),
    /// It has no cluster, and these seeds.
    Blank(String),
    /// It is in this cluster.
    In(Uuid),
    /// It is another process of this very node.
    Twin,
}

/// What to do after what was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Found a cluster.
    Found,
    /// Ask these seeds in turn, by their places in the list, to be taken in.
    Join(Vec<usize>),
    /// Ask again; what is waited for.
    Wait(String),
    /// There is something that waiting does not mend.
    Refuse(String),
}

/// A node without data among its seeds.
#[derive(Clone, Debug)]
pub struct Blank {
    /// Its UUID.
    pub uuid: Uuid,
    /// Where others reach it.
    pub advertise: String,
    /// The seeds, sorted.
    pub seeds: Vec<String>,
    /// How many must be there.
    pub expect: usize,
    /// The newest store format it reads.
    pub format: u8,
}

/// What becomes of a node without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formed {
    /// It founds a cluster.
    Founder,
    /// A cluster has taken it in.
    Joined {
        /// Which cluster.
        cluster: Uuid,
        /// Its number there.
        node: u64,
    },
}

impl Blank {
    /// Decides, after hearing every seed but this node itself.
    pub fn next(&self, heard: &[(usize, Heard)]) -> Next {
        if let Some((seed, _)) = heard.iter().find(|(_, heard)| *heard == Heard::Twin) {
            return Next::Refuse(self.twice(*seed));
        }
        let clusters = heard.iter().filter_map(|(seed, heard)| if let Heard::In(cluster) = heard { Some((*seed, *cluster)) } else { None });
        let (seeds, clusters): (Vec<usize>, Vec<Uuid>) = clusters.unzip();
        if let Some(cluster) = clusters.first() {
            return match clusters.iter().find(|other| *other != cluster) {
                Some(other) => Next::Refuse(format!("the seeds belong to two clusters, {cluster} and {other}")),
                None => Next::Join(seeds),
            };
        }
        let own = self.seeds.join(",");
        let blank = heard.iter().filter(|(_, heard)| matches!(heard, Heard::Blank(seeds) if *seeds == own)).count();
        let different =
            heard.iter().find_map(|(seed, heard)| if let Heard::Blank(seeds) = heard { (*seeds != own).then_some((*seed, seeds)) } else { None });
        if let Some((seed, seeds)) = different {
            return Next::Wait(format!("{} has another list of seeds: {seeds}", self.seeds[seed]));
        }
        let founder = self.seeds.first();
        if founder != Some(&self.advertise) {
            let stranger = if self.seeds.contains(&self.advertise) { "" } else { ", which this node is none of" };
            let founder = founder.map_or("nobody", String::as_str);
            return Next::Wait(format!("{founder} to found the cluster, or any seed{stranger} to be in one; this node is {}", self.advertise));
        }
        let there = blank + 1;
        if there >= self.expect { Next::Found } else { Next::Wait(format!("{} seeds to be there; {there} are", self.expect)) }
    }

    /// Asks until it is decided.
    ///
    /// # Errors
    /// What waiting does not mend, in one line.
    pub async fn form(&self, dialer: &Dialer) -> Result<Formed, String> {
        let mut told: Option<Instant> = None;
        loop {
            let heard = self.hear(dialer).await;
            let waiting = match self.next(&heard) {
                Next::Found => return Ok(Formed::Founder),
                Next::Refuse(why) => return Err(why),
                Next::Wait(what) => what,
                Next::Join(seeds) => match self.join(dialer, &seeds).await? {
                    Ok(formed) => return Ok(formed),
                    Err(why) => format!("the cluster to take this node in ({why})"),
                },
            };
            if told.is_none_or(|told| told.elapsed() > TELLING) {
                told = Some(Instant::now());
                let silent: Vec<String> = heard.iter().filter_map(|(seed, heard)| silence(&self.seeds[*seed], heard)).collect();
                tracing::info!(silent = silent.join("; "), "waiting for {waiting}");
            }
            sleep(PAUSE).await;
        }
    }

    fn twice(&self, seed: usize) -> String {
        format!("another process runs as the same node at {}; a copy of a data directory cannot be used", self.seeds[seed])
    }

    /// That no seed that answers is in another cluster than the one this node has data of, or is this node itself.
    ///
    /// # Errors
    /// One is, in one line.
    pub async fn agree(&self, dialer: &Dialer, own: Uuid) -> Result<(), String> {
        let heard = self.hear(dialer).await;
        if let Some((seed, _)) = heard.iter().find(|(_, heard)| *heard == Heard::Twin) {
            return Err(self.twice(*seed));
        }
        let other = heard.iter().find_map(|(seed, heard)| if let Heard::In(other) = heard { (*other != own).then_some((seed, other)) } else { None });
        other.map_or(Ok(()), |(seed, other)| {
            let seed = &self.seeds[*seed];
            Err(format!("its data is of the cluster {own}, but {seed} is in another cluster, {other}; a data directory belongs to one cluster alone"))
        })
    }

    async fn hear(&self, dialer: &Dialer) -> Vec<(usize, Heard)> {
        let others = self.seeds.iter().enumerate().filter(|(_, at)| **at != self.advertise);
        let own = self.seeds.join(",");
        join_all(others.map(|(seed, at)| {
            let own = own.clone();
            async move { (seed, self.probe(dialer, at, own).await) }
        }))
        .await
    }

    /// A seed may lead back here under another name, and one of a release before says nothing of its process.
    fn is_twin(&self, told: &ProbeResponse) -> bool {
        let process = process();
        told.uuid == self.uuid.as_bytes()[..] && !told.process.is_empty() && told.process != process.as_bytes()[..]
    }

    async fn probe(&self, dialer: &Dialer, at: &str, seeds: String) -> Heard {
        match within(ASKING, seed(dialer, at).probe(ProbeRequest { seeds })).await {
            Ok(told) if self.is_twin(&told) => Heard::Twin,
            Ok(ProbeResponse { cluster: Some(cluster), .. }) => {
                Uuid::from_slice(&cluster).map_or_else(|error| Heard::Nothing(error.to_string()), Heard::In)
            }
            Ok(ProbeResponse { seeds, .. }) => Heard::Blank(seeds),
            Err(status) => Heard::Nothing(cause(&status)),
        }
    }

    /// Asks these seeds until one of them knows the leader, which takes it in. The inner error is worth another try.
    async fn join(&self, dialer: &Dialer, seeds: &[usize]) -> Result<Result<Formed, String>, String> {
        let mut undone = Vec::new();
        for via in seeds.iter().map(|seed| &self.seeds[*seed]) {
            match self.join_at(dialer, via).await? {
                Ok(formed) => return Ok(Ok(formed)),
                Err(why) => undone.push(format!("{via}: {why}")),
            }
        }
        Ok(Err(undone.join("; ")))
    }

    async fn join_at(&self, dialer: &Dialer, via: &str) -> Result<Result<Formed, String>, String> {
        let uuid = self.uuid.into_bytes().to_vec().into();
        let request = JoinRequest { uuid, address: self.advertise.clone(), format: self.format.into(), ..JoinRequest::default() };
        let answer = match within(JOINING, seed(dialer, via).join(request)).await {
            Ok(answer) => answer.result,
            Err(status) => return Ok(Err(status.message().to_owned())),
        };
        match answer {
            Some(join_response::Result::Joined(joined)) => {
                let cluster = Uuid::from_slice(&joined.cluster).map_err(|error| error.to_string())?;
                Ok(Ok(Formed::Joined { cluster, node: joined.node }))
            }
            Some(join_response::Result::Refused(why)) => Err(why),
            None => Ok(Err("an empty answer".to_owned())),
        }
    }
}

/// The innermost reason: the outer ones only say that a connection failed.
fn cause(status: &tonic::Status) -> String {
    let mut error: &dyn std::error::Error = status;
    while let Some(inner) = error.source() {
        error = inner;
    }
    let why = error.to_string();
    if why.contains("certificate") { format!("{why}; does it have the same secret?") } else { why }
}

fn silence(at: &str, heard: &Heard) -> Option<String> {
    if let Heard::Nothing(why) = heard { Some(format!("{at}: {why}")) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blank(advertise: &str) -> Blank {
        let seeds = ["a:1", "b:1", "c:1"].map(str::to_owned).to_vec();
        Blank { uuid: Uuid::nil(), advertise: advertise.to_owned(), seeds, expect: 3, format: 2 }
    }

    fn same() -> Heard {
        Heard::Blank("a:1,b:1,c:1".to_owned())
    }

    fn nothing() -> Heard {
        Heard::Nothing("refused".to_owned())
    }

    #[test]
    fn only_the_first_seed_founds_and_only_with_as_many_as_expected() {
        assert_eq!(blank("a:1").next(&[(1, same()), (2, same())]), Next::Found);
        assert!(matches!(blank("a:1").next(&[(1, same()), (2, nothing())]), Next::Wait(_)));
        let two = Blank { expect: 2, ..blank("a:1") };
        assert_eq!(two.next(&[(1, same()), (2, nothing())]), Next::Found);
        assert!(matches!(blank("b:1").next(&[(0, same()), (2, same())]), Next::Wait(_)));
        assert!(matches!(blank("d:1").next(&[(0, same()), (1, same()), (2, same())]), Next::Wait(_)));
    }

    #[test]
    fn a_cluster_that_is_heard_of_is_joined_and_never_founded_again() {
        let cluster = Heard::In(Uuid::from_u128(1));
        assert_eq!(blank("a:1").next(&[(1, same()), (2, cluster.clone())]), Next::Join(vec![2]));
        assert_eq!(blank("d:1").next(&[(0, nothing()), (1, cluster.clone()), (2, cluster.clone())]), Next::Join(vec![1, 2]));
        assert!(matches!(blank("a:1").next(&[(1, Heard::In(Uuid::from_u128(2))), (2, cluster)]), Next::Refuse(_)));
    }

    #[test]
    fn another_process_of_this_node_is_a_reason_to_stop() {
        let heard = [(1, Heard::Twin), (2, Heard::In(Uuid::from_u128(1)))];
        assert!(matches!(blank("a:1").next(&heard), Next::Refuse(why) if why.contains("at b:1")));
    }

    #[test]
    fn seeds_that_differ_found_nothing() {
        let other = Heard::Blank("a:1,b:1".to_owned());
        assert!(matches!(blank("a:1").next(&[(1, other), (2, same())]), Next::Wait(why) if why.contains("another list")));
    }
}
