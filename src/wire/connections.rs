//! Connections between nodes: TCP, TLS with a certificate on both sides, HTTP/2 on top.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;
use tonic::transport::{Channel, Endpoint};

use super::credentials::{Credentials, node_of};
use super::names::{Name, NodeName};

/// How long a connection may take until it stands.
const DIAL: Duration = Duration::from_secs(1);
/// How long a caller may take to show who it is.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How many callers may be doing so at once.
const HANDSHAKES: usize = 64;
/// How long nothing more is said of an address from which a caller was refused.
const QUIET: Duration = Duration::from_secs(10);
/// How many connections wait to be served.
const WAITING: usize = 64;
/// How often a connection is tried, and how long it may be silent then.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// How much may be under way on one connection, in bytes: entries are sent without waiting for answers.
const WINDOW: u32 = 16 * 1024 * 1024;

/// Makes connections to other nodes.
#[derive(Clone, Debug)]
pub struct Dialer {
    config: Arc<ClientConfig>,
    from: Option<IpAddr>,
}

impl Dialer {
    /// Dials with these credentials, from this address of the machine if it matters.
    ///
    /// # Errors
    /// The TLS library does not take the configuration.
    pub fn new(credentials: &Arc<Credentials>, from: Option<IpAddr>) -> io::Result<Self> {
        Ok(Self { config: credentials.client()?, from })
    }

    /// Connects once; tells whether whoever answers at `address` is who is expected.
    ///
    /// # Errors
    /// Nobody answers in time, or someone else.
    pub async fn dial(&self, address: &str, expected: Name) -> io::Result<client::TlsStream<TcpStream>> {
        timeout(DIAL, self.connect(address, expected)).await.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))?
    }

    async fn connect(&self, address: &str, expected: Name) -> io::Result<client::TlsStream<TcpStream>> {
        let name = ServerName::try_from(expected.to_string()).map_err(io::Error::other)?;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for to in lookup_host(address).await? {
            match self.tcp(to).await {
                Ok(stream) => return TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await,
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn tcp(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(from) = self.from.filter(|from| from.is_ipv4() == to.is_ipv4()) {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// A connection that is made at its first use and again whenever it has broken.
    pub fn channel(&self, address: &str, expected: Name) -> Channel {
        let (dialer, address) = (self.clone(), address.to_owned());
        let connector = tower::service_fn(move |_| {
            let (dialer, address) = (dialer.clone(), address.clone());
            async move { dialer.dial(&address, expected).await.map(TokioIo::new) }
        });
        Endpoint::from_static("http://node.hearth")
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .connect_with_connector_lazy(connector)
    }
}

/// Who is at the other end of a connection that came in.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Which node it has shown to be; nobody yet while it has not joined.
    pub node: Option<NodeName>,
    /// Where it comes from.
    pub address: IpAddr,
}

/// A connection that came in and has shown who it is.
#[derive(Debug)]
pub struct Incoming {
    stream: server::TlsStream<TcpStream>,
    peer: Peer,
}

impl Incoming {
    /// Accepts connections; those who cannot show a certificate of this cluster never get through. Ends when the stream is
    /// dropped.
    ///
    /// # Errors
    /// The TLS library does not take the configuration.
    pub fn accept(listener: TcpListener, credentials: &Arc<Credentials>) -> io::Result<ReceiverStream<io::Result<Self>>> {
        let acceptor = TlsAcceptor::from(credentials.server()?);
        let (ready, incoming) = mpsc::channel(WAITING);
        tokio::spawn(accept(listener, acceptor, ready));
        Ok(ReceiverStream::new(incoming))
    }
}

/// Which callers have been refused lately, for each of them may come again several times a second.
#[derive(Clone, Default)]
struct Refused {
    told: Arc<Mutex<HashMap<IpAddr, Instant>>>,
}

impl Refused {
    /// Says so, once in a while for each address.
    fn tell(&self, from: IpAddr, error: &io::Error) {
        // A member that expects another node here: one that was taken in just now, or wiped.
        let is_expected = matches!(rustls_error(error), Some(rustls::Error::AlertReceived(rustls::AlertDescription::BadCertificate)));
        if !is_expected && self.is_news(from) {
            tracing::warn!(%from, %error, "a connection to the cluster port is refused, here or there; do both have the same secret?");
        } else {
            tracing::debug!(%from, %error, "a connection to the cluster port is refused");
        }
    }

    fn is_news(&self, from: IpAddr) -> bool {
        let (mut told, now) = (self.told.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        told.retain(|_, at| now.duration_since(*at) < QUIET);
        let is_news = told.len() < HANDSHAKES && !told.contains_key(&from);
        if is_news {
            told.insert(from, now);
        }
        is_news
    }
}

fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Who is in the middle of showing who it is, the oldest first. When there are too many the oldest has to go: a node is done in
/// milliseconds, and those who say nothing keep nobody out.
#[derive(Default)]
struct Callers {
    callers: VecDeque<AbortHandle>,
}

impl Callers {
    fn admit(&mut self, caller: AbortHandle) {
        self.callers.push_back(caller);
        if self.callers.len() > HANDSHAKES {
            self.callers.retain(|caller| !caller.is_finished());
        }
        while self.callers.len() > HANDSHAKES {
            if let Some(oldest) = self.callers.pop_front() {
                oldest.abort();
            }
        }
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, ready: mpsc::Sender<io::Result<Incoming>>) {
    let (mut callers, refused) = (Callers::default(), Refused::default());
    loop {
        let accepted = tokio::select! {
            () = ready.closed() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, from)) = accepted else {
            // Out of file descriptors, most likely: what is open goes on, and a later attempt finds some free.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (acceptor, ready, refused) = (acceptor.clone(), ready.clone(), refused.clone());
        let caller = tokio::spawn(async move {
            match timeout(HANDSHAKE, greet(acceptor, stream, from)).await {
                Ok(Ok(incoming)) => drop(ready.send(Ok(incoming)).await),
                Ok(Err(error)) => refused.tell(from.ip(), &error),
                Err(_) => tracing::debug!(from = %from.ip(), "a connection to the cluster port did not show who it is"),
            }
        });
        callers.admit(caller.abort_handle());
    }
}

async fn greet(acceptor: TlsAcceptor, stream: TcpStream, from: SocketAddr) -> io::Result<Incoming> {
    stream.set_nodelay(true)?;
    let stream = acceptor.accept(stream).await?;
    let node = stream.get_ref().1.peer_certificates().and_then(|shown| node_of(shown.first()?));
    Ok(Incoming { stream, peer: Peer { node, address: from.ip() } })
}

impl Connected for Incoming {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer
    }
}

impl AsyncRead for Incoming {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Incoming {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::secrets::Secret;
    use tokio_stream::StreamExt;
    use uuid::Uuid;

    fn credentials(secret: &str) -> Arc<Credentials> {
        Credentials::derive(&Secret::new(secret.to_owned())).unwrap()
    }

    fn node(node: u64) -> NodeName {
        NodeName { cluster: Uuid::from_u128(1), node }
    }

    async fn listen(credentials: &Arc<Credentials>) -> (String, ReceiverStream<io::Result<Incoming>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        (address, Incoming::accept(listener, credentials).unwrap())
    }

    #[tokio::test]
    async fn both_ends_learn_who_the_other_is() {
        let (here, there) = (credentials("one secret for both"), credentials("one secret for both"));
        let (address, mut incoming) = listen(&there).await;
        let dialer = Dialer::new(&here, Some("127.0.0.9".parse().unwrap())).unwrap();
        dialer.dial(&address, Name::Member).await.unwrap();
        let peer = incoming.next().await.unwrap().unwrap().peer;
        assert_eq!((peer.node, peer.address.to_string().as_str()), (None, "127.0.0.9"));
        here.become_node(node(4)).unwrap();
        there.become_node(node(5)).unwrap();
        dialer.dial(&address, Name::Node(node(5))).await.unwrap();
        assert_eq!(incoming.next().await.unwrap().unwrap().peer.node, Some(node(4)));
        assert!(dialer.dial(&address, Name::Node(node(6))).await.is_err(), "another node answers at the address");
    }

    #[tokio::test]
    async fn those_who_say_nothing_keep_nobody_out() {
        let credentials = credentials("one secret for both");
        let (address, mut incoming) = listen(&credentials).await;
        let mut mute = Vec::new();
        for _ in 0..2 * HANDSHAKES {
            mute.push(TcpStream::connect(&address).await.unwrap());
        }
        // A busy machine may take longer than a dialler waits, but not as long as those who say nothing have time.
        let dialer = Dialer::new(&credentials, None).unwrap();
        let dialled = async { while dialer.dial(&address, Name::Member).await.is_err() {} };
        timeout(HANDSHAKE * 3 / 4, dialled).await.unwrap();
        assert!(incoming.next().await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn another_secret_gets_nowhere() {
        let (address, mut incoming) = listen(&credentials("the secret of one cluster")).await;
        let dialer = Dialer::new(&credentials("the secret of another one"), None).unwrap();
        let error = dialer.dial(&address, Name::Member).await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
        let stranger = timeout(Duration::from_millis(100), incoming.next()).await;
        assert!(stranger.is_err());
    }
}
