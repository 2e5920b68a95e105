use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use tokio::net::TcpSocket;

use super::*;

/// Nodes 0 and 1, which send back what they get.
struct Echoes {
    network: Network,
    proxies: [SocketAddr; 2],
}

const SOON: Duration = Duration::from_secs(20);
const WHILE: Duration = Duration::from_millis(200);

impl Echoes {
    fn new() -> Self {
        let mut network = Network::new(Dice::seeded(7));
        let proxies = [0, 1].map(|node| {
            let listener = Listener::bind((ip(node), 0)).unwrap();
            let address = listener.local_addr().unwrap();
            std::thread::spawn(move || {
                while let Ok((stream, _)) = listener.accept() {
                    std::thread::spawn(move || echo(stream));
                }
            });
            network.add(address)
        });
        Self { network, proxies }
    }

    /// Node 0 dials node 1.
    fn dial(&self) -> TcpStream {
        self.dial_from(ip(0))
    }

    fn dial_from(&self, from: IpAddr) -> TcpStream {
        let dialled = self.network.runtime.block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((from, 0).into())?;
            socket.connect(self.proxies[1]).await?.into_std()
        });
        let stream = dialled.unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream
    }
}

fn echo(mut stream: TcpStream) {
    let mut piece = [0; 1024];
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        if stream.write_all(&piece[..length]).is_err() {
            return;
        }
    }
}

fn says(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

#[track_caller]
fn hears(stream: &mut TcpStream, text: &str) {
    let mut heard = vec![0; text.len()];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), text);
}

#[track_caller]
fn hears_nothing(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(WHILE)).unwrap();
    let heard = stream.read(&mut [0; 64]);
    assert!(heard.as_ref().is_err_and(|error| matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)), "{heard:?}");
    stream.set_read_timeout(Some(SOON)).unwrap();
}

#[track_caller]
fn is_closed(stream: &mut TcpStream) {
    let heard = stream.read(&mut [0; 64]);
    assert!(
        heard.as_ref().is_ok_and(|length| *length == 0) || heard.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::ConnectionReset),
        "{heard:?}"
    );
}

#[test]
fn bytes_pass_both_ways() {
    let echoes = Echoes::new();
    let mut stream = echoes.dial();
    says(&mut stream, "one");
    hears(&mut stream, "one");
    let long = "x".repeat(3 * PIECE);
    let mut writer = stream.try_clone().unwrap();
    let whole = long.clone();
    let writing = std::thread::spawn(move || says(&mut writer, &whole));
    hears(&mut stream, &long);
    writing.join().unwrap();
}

#[test]
fn a_silent_cut_holds_old_and_new_connections_until_it_heals() {
    let echoes = Echoes::new();
    let mut old = echoes.dial();
    says(&mut old, "before");
    hears(&mut old, "before");
    echoes.network.isolate(1, Way::Silent);
    says(&mut old, "during");
    let mut new = echoes.dial();
    says(&mut new, "new");
    hears_nothing(&mut old);
    hears_nothing(&mut new);
    echoes.network.heal();
    hears(&mut old, "during");
    hears(&mut new, "new");
}

#[test]
fn a_refusing_cut_holds_old_connections_and_closes_new_ones() {
    let echoes = Echoes::new();
    let mut old = echoes.dial();
    says(&mut old, "before");
    hears(&mut old, "before");
    echoes.network.set_both(0, 1, Way::Refused);
    says(&mut old, "during");
    is_closed(&mut echoes.dial());
    hears_nothing(&mut old);
    echoes.network.heal();
    hears(&mut old, "during");
}

#[test]
fn one_way_may_be_cut_alone() {
    let echoes = Echoes::new();
    let mut stream = echoes.dial();
    says(&mut stream, "before");
    hears(&mut stream, "before");
    echoes.network.set(1, 0, Way::Silent);
    says(&mut stream, "answer is held");
    hears_nothing(&mut stream);
    // The question has passed: the cut of its way holds nothing of it any more.
    echoes.network.set(0, 1, Way::Silent);
    echoes.network.set(1, 0, Way::Open);
    hears(&mut stream, "answer is held");
    says(&mut stream, "question is held");
    hears_nothing(&mut stream);
    echoes.network.set(0, 1, Way::Open);
    hears(&mut stream, "question is held");
}

#[test]
fn the_end_of_a_connection_is_held_like_bytes() {
    let echoes = Echoes::new();
    let mut stream = echoes.dial();
    says(&mut stream, "before");
    hears(&mut stream, "before");
    echoes.network.set(0, 1, Way::Silent);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    hears_nothing(&mut stream);
    echoes.network.heal();
    is_closed(&mut stream);
}

#[test]
fn other_nodes_do_not_feel_a_cut() {
    let echoes = Echoes::new();
    echoes.network.set_both(0, 1, Way::Silent);
    let mut other = echoes.dial_from(ip(2));
    says(&mut other, "two");
    hears(&mut other, "two");
}

#[test]
fn a_slow_way_takes_its_time() {
    let echoes = Echoes::new();
    let mut stream = echoes.dial();
    says(&mut stream, "fast");
    hears(&mut stream, "fast");
    echoes.network.set_both(0, 1, Way::Slow(Duration::from_millis(150)));
    let since = Instant::now();
    says(&mut stream, "slow");
    hears(&mut stream, "slow");
    assert!(since.elapsed() >= Duration::from_millis(300), "{:?}", since.elapsed());
}

#[test]
fn a_lossy_way_breaks_connections_and_stalls() {
    let echoes = Echoes::new();
    echoes.network.set_both(0, 1, Way::Lossy);
    let (mut broken, mut stalls) = (0, 0);
    while broken == 0 || stalls < 3 {
        let mut stream = echoes.dial();
        for _ in 0..40 {
            let since = Instant::now();
            let sent = stream.write_all(b"x");
            if sent.and_then(|()| stream.read_exact(&mut [0])).is_err() {
                broken += 1;
                break;
            }
            stalls += usize::from(since.elapsed() > Duration::from_millis(50));
        }
    }
    let mut healed = echoes.dial();
    echoes.network.heal();
    says(&mut healed, "healed");
    hears(&mut healed, "healed");
}

#[test]
fn who_is_no_node_is_turned_away() {
    let echoes = Echoes::new();
    is_closed(&mut echoes.dial_from(Ipv4Addr::LOCALHOST.into()));
    assert_eq!(echoes.network.strangers(), 1);
}
