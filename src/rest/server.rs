//! The HTTP server: listener, limits, and where each path goes.

use std::cell::RefCell;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{self, ServerHandle};
use actix_web::http::{Method, header};
use actix_web::web::{Data, Payload};
use actix_web::{App, FromRequest, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{LocalBoxFuture, OptionFuture, join};

use crate::actions::{Hearth, Throttle};

use super::connections::{Connection, Connections};
use super::door::Door;
use super::meters::{self, Meter};
use super::metrics::{self, Metrics};
use super::openapi::{DOCS, docs};
use super::routes::Base;
use super::{BASE, OWN_BASE};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;
/// How long a client may take to send the head of a request.
pub(super) const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// Another door behind the same listener. It takes a request if the path is its own, else gives it back.
pub type Neighbour = Arc<dyn Fn(HttpRequest, Payload) -> Result<LocalBoxFuture<'static, HttpResponse>, (HttpRequest, Payload)> + Send + Sync>;

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    handles: Handles,
    thread: std::thread::JoinHandle<()>,
}

/// Of the API, and of the metrics where they have a listener of their own.
type Handles = (ServerHandle, Option<ServerHandle>);

/// What requests are handed to.
struct Doors {
    door: Door,
    neighbour: Neighbour,
    metrics: Metrics,
}

impl Server {
    /// Serves `hearth` and a neighbour on `listener`, on threads of its own; and the metrics, there or on a listener of their own.
    ///
    /// # Errors
    /// A listener cannot be used, or no thread can be started.
    pub fn start(hearth: &Arc<Hearth>, throttle: Arc<Throttle>, neighbour: Neighbour, listener: TcpListener) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let config = hearth.config().clone();
        let per_worker = config.limits.connections.div_ceil(config.rest.worker_threads()).max(1);
        let connections = Connections::new(config.limits.connections);
        let metrics = Metrics { hearth: Arc::clone(hearth), connections: connections.clone() };
        let for_metrics = metrics.listener()?;
        let accepted = connections.clone();
        // A connection is let go when nothing can have been under way on it any more.
        let patience = config.limits.idle() + config.limits.request_timeout() + HEAD_PATIENCE;
        let doors = Data::new(Doors { door: Door { hearth: Arc::clone(hearth), throttle }, neighbour, metrics: metrics.clone() });
        let build = move || {
            let server = HttpServer::new(move || App::new().app_data(doors.clone()).default_service(web::to(answer)))
                .on_connect(move |io, data| accepted.accept(io, data))
                .workers(config.rest.worker_threads())
                .backlog(BACKLOG)
                .max_connections(per_worker)
                .keep_alive(config.limits.idle())
                .client_request_timeout(HEAD_PATIENCE)
                // Whatever may still be answered in time is.
                .shutdown_timeout(config.limits.request_timeout_s)
                .disable_signals()
                .listen(listener)?;
            let beside = for_metrics.map(|listener| metrics::serve(metrics, listener)).transpose()?;
            Ok::<_, std::io::Error>((server.run(), beside))
        };
        let (started, starting) = std::sync::mpsc::sync_channel(1);
        let run = move || {
            let system = actix_web::rt::System::new();
            let ended = system.block_on(async move {
                match build() {
                    Ok((server, beside)) => {
                        let _ = started.send(Ok((server.handle(), beside.as_ref().map(dev::Server::handle))));
                        actix_web::rt::spawn(connections.watch(patience));
                        join(server, OptionFuture::from(beside)).await.0
                    }
                    Err(error) => {
                        let _ = started.send(Err(error));
                        Ok(())
                    }
                }
            });
            if let Err(error) = ended {
                tracing::error!(%error, "the REST server ended");
            }
        };
        let thread = std::thread::Builder::new().name("rest".into()).spawn(run)?;
        let handles = starting.recv().map_err(std::io::Error::other)??;
        Ok(Self { address, handles, thread })
    }

    /// Takes no more connections, lets requests under way finish for a while, and ends.
    pub async fn stop(self) {
        let (api, metrics) = self.handles;
        api.stop(true).await;
        if let Some(metrics) = metrics {
            metrics.stop(true).await;
        }
        let _ = tokio::task::spawn_blocking(move || self.thread.join()).await;
    }
}

/// Answers a request.
async fn answer(request: HttpRequest, payload: Payload, doors: Data<Doors>) -> HttpResponse<BoxBody> {
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    if let Some(connection) = &connection {
        connection.begin();
    }
    let answer = answered(request, payload, doors).await;
    match connection {
        Some(connection) if answer.body().size() == BodySize::Stream => {
            answer.map_body(|_, body| Keeping { body, _kept: connection.stream() }).map_into_boxed_body()
        }
        _ => answer,
    }
}

async fn answered(request: HttpRequest, payload: Payload, doors: Data<Doors>) -> HttpResponse<BoxBody> {
    if !request.headers().contains_key(header::TRANSFER_ENCODING) {
        return doors.dispatch(request, payload).await;
    }
    let (kept, payload) = match keep(&request, payload).await {
        Ok(both) => both,
        Err(error) => return HttpResponse::from_error(error),
    };
    doors.dispatch(request, payload).await.map_body(|_, body| Keeping { body, _kept: kept }).map_into_boxed_body()
}

/// A body as it comes, shared with who keeps it.
type Kept = Rc<RefCell<dev::Payload>>;

/// Keeps a body in chunks beyond its reader.
async fn keep(request: &HttpRequest, payload: Payload) -> actix_web::Result<(Kept, Payload)> {
    let kept = Rc::new(RefCell::new(payload.into_inner()));
    let read = Rc::clone(&kept);
    let forwarded = futures_util::stream::poll_fn(move |cx| read.borrow_mut().poll_next_unpin(cx));
    let mut forwarded: dev::Payload = dev::Payload::Stream { payload: Box::pin(forwarded) };
    Ok((kept, Payload::from_request(request, &mut forwarded).await?))
}

/// The body of an answer that keeps something until it is under way: the guard of a long answer, or the body of its request. Of a
/// body in chunks that its reader has let go, the HTTP layer awaits the end, without bound; of one that is still held, it closes
/// the connection.
struct Keeping<T> {
    body: BoxBody,
    _kept: T,
}

impl<T: Unpin + 'static> MessageBody for Keeping<T> {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(cx)
    }
}

impl Doors {
    /// Sends a request to what lives at its path.
    async fn dispatch(&self, request: HttpRequest, payload: Payload) -> HttpResponse {
        let since = Instant::now();
        let (request, payload) = match (self.neighbour)(request, payload) {
            Ok(answer) => return noted(&meters::USER_SERVICE, since, answer.await),
            Err(given_back) => given_back,
        };
        let path = request.path().to_owned();
        if path == metrics::PATH && self.metrics.is_on_rest() {
            return metrics::answer(&request, &self.door, &self.metrics).await;
        }
        if let Some(below) = path.strip_prefix(DOCS)
            && let Some(page) = docs_page(&request, below, &self.door)
        {
            return noted(&meters::DOCS, since, page);
        }
        let bases = [(BASE, Base::Openfire), (OWN_BASE, Base::Own)].into_iter();
        let mut below = bases.filter_map(|(at, base)| Some((base, path.strip_prefix(at)?)));
        match below.find(|(_, below)| below.is_empty() || below.starts_with('/')) {
            Some((base, below)) => self.door.answer(request, payload, base, below).await,
            None => noted(&meters::NOWHERE, since, self.door.nowhere(&request)),
        }
    }
}

fn noted(meter: &Meter, since: Instant, answer: HttpResponse) -> HttpResponse {
    meter.note(since, &answer);
    answer
}

/// A file of the documentation page, to whoever asks, unless the operator says otherwise.
fn docs_page(request: &HttpRequest, below: &str, door: &Door) -> Option<HttpResponse> {
    if !door.hearth.config().rest.docs || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    if below.is_empty() {
        return Some(HttpResponse::Found().insert_header((header::LOCATION, format!("{DOCS}/"))).finish());
    }
    let page = docs(below.strip_prefix('/')?)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, page.content_type));
    if page.gzipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Some(response.body(page.bytes.into_owned()))
}
