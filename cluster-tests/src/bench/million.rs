//! A large directory of users: memory, writes, restart, and listing.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hearth::actors::Owners;
use hearth::base::clock::Timestamp;
use hearth::base::jid::{Domain, Localpart};
use hearth::base::secrets::Verifier;
use hearth::cluster::{Members, Proposer};
use hearth::config::Store;
use hearth::raft::{self, Engine};
use hearth::state::users::{Command as User, NewUser};
use hearth::state::{Command, Proposal, RequestId};
use uuid::Uuid;

use super::Plan;
use super::load::{Load, interleave};
use super::reads::basic;
use super::table::{Table, Target};
use super::writes;
use crate::node::{DOMAIN, Node};
use crate::rest::BASE;

const FEW: usize = 1000;
const LISTED: usize = 100_000;
/// Users per log entry while filling.
const BATCH: usize = 1000;

/// See the module.
pub fn measure(plan: &Plan, table: &mut Table) {
    let room = super::room();
    let (few, many) = (room.path().join("few"), room.path().join("many"));
    fill(&few, FEW);
    list(&room.path().join("listed"), table);
    let begin = Instant::now();
    fill(&many, plan.many);
    eprintln!("filled with {} users in {:.1} s", plan.many, begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let large = Node::start_on(&many);
    let users = plan.many;
    table.figure(&format!("{users} users: restart to ready"), begin.elapsed().as_secs_f64(), " s", Target::AtMost(10.0));
    table.figure(&format!("{users} users: resident memory"), mebibytes(&large, "VmRSS"), " MiB", Target::None);
    let small = Node::start_on(&few);
    writes::prepare(&small);
    writes::prepare(&large);
    for connections in [1, 64] {
        let loads = [&large, &small].map(|node| Load::open(node.server(), connections, writes::property(0)));
        let [a, b] = interleave(loads, plan.rounds);
        let what = format!("{users} users: p50 of a write, {connections} connections");
        table.versus(&what, a, (&format!("{FEW} users"), b), f64::from(a.p50) / f64::from(b.p50), Target::AtMost(1.2));
    }
    table.figure(&format!("{users} users: resident memory after the writes"), mebibytes(&large, "VmRSS"), " MiB", Target::None);
}

/// Listing: when the first byte comes, and how much memory it takes on top.
fn list(dir: &Path, table: &mut Table) {
    fill(dir, LISTED);
    let node = Node::start_on(dir);
    let _ = node.client().get("/users/admin");
    let before = mebibytes(&node, "VmRSS");
    // Makes the peak start from here.
    let _ = fs::write(format!("/proc/{}/clear_refs", node.pid()), "5");
    let mut stream = TcpStream::connect(&node.address).expect("it listens");
    let begin = Instant::now();
    write!(stream, "GET {BASE}/users HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nAccept: application/json\r\nAuthorization: {}\r\n\r\n", basic())
        .expect("it reads");
    let mut buffer = vec![0; 64 * 1024];
    let mut total = stream.read(&mut buffer).expect("an answer");
    let first = begin.elapsed();
    loop {
        match stream.read(&mut buffer).expect("an answer") {
            0 => break,
            n => total += n,
        }
    }
    let all = begin.elapsed();
    let extra = mebibytes(&node, "VmHWM") - before;
    table.figure(&format!("GET /users over {LISTED}: first byte (with the one slow login)"), ms(first), " ms", Target::AtMost(50.0));
    table.figure(&format!("GET /users over {LISTED}: all {:.1} MiB", total as f64 / 1048576.0), ms(all), " ms", Target::None);
    table.figure(&format!("GET /users over {LISTED}: extra memory"), extra, " MiB", Target::AtMost(64.0));
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// A line of `/proc/PID/status`.
fn mebibytes(node: &Node, what: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", node.pid())).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("such a line");
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse::<f64>().expect("a number") / 1024.0
}

/// Makes a data directory with so many users, through the log as any write goes, but with verifiers that nothing was hashed
/// for.
fn fill(dir: &Path, users: usize) {
    // The first start is the real one: administrator, secret, domain.
    assert!(Node::start_on(dir).stop().success());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let owners = Arc::new(Owners::start().expect("owners"));
        let store = Store::default();
        let views = owners.views();
        let node = raft::open(dir, Engine::of(dir, &store), &store, owners, raft::Begin::Alone).await.expect("the directory opens");
        let proposer = Proposer::new(Members::alone(node.clone()), views);
        let domain = Domain::parse(DOMAIN).expect("a domain");
        for first in (0..users).step_by(BATCH) {
            let batch = (first..users.min(first + BATCH)).map(user).collect();
            let command = Command::Users(User::Create(batch));
            let id = RequestId(Uuid::new_v4());
            let proposal = Proposal { id, fingerprint: None, at: Timestamp::now(), domain: domain.clone(), audit: None, command };
            proposer.propose(proposal).await.expect("the log takes it").expect("the state takes it");
        }
        node.close().await.expect("it closes");
    });
}

fn user(n: usize) -> NewUser {
    let given = format!("user{n:07}");
    let bytes = |salt: usize| (n ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    let salt = [bytes(1), bytes(2)].concat().try_into().expect("16 bytes");
    let sha256 = |salt| [bytes(salt), bytes(salt + 1), bytes(salt + 2), bytes(salt + 3)].concat().try_into().expect("32 bytes");
    let sha1 = |salt: usize| [bytes(salt), bytes(salt + 1), bytes(salt + 2)].concat()[..20].try_into().expect("20 bytes");
    let verifier =
        Verifier { stored_sha1: sha1(3), server_sha1: sha1(6), stored_sha256: sha256(9), server_sha256: sha256(13), salt, iterations: 4096 };
    NewUser {
        username: Localpart::parse(&given).expect("a name"),
        name: Some(format!("User Number {n}").into()),
        email: Some(format!("{given}@example.org").into()),
        verifier,
        properties: vec![("team".into(), format!("team {}", n % 100)), ("site".into(), format!("site {}", n % 7))],
        given,
    }
}
