//! What answers before a node is open: while it founds or joins its cluster, reads its data, or waits for the log. The process lives
//! and is not ready, and that can be asked; everything else is to be asked elsewhere, or later.

use std::io;
use std::net::TcpListener;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::http::{KeepAlive, StatusCode};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

use super::BASE;
use super::door::{Heads, refuse, with_headers};
use super::error::ApiError;
use super::server::HEAD_PATIENCE;

/// Connections at a time.
const CONNECTIONS: usize = 256;
/// How long those under way may take when the room is closed, in seconds.
const CLOSING: u64 = 1;
/// After how many seconds to ask again.
const AGAIN: u32 = 1;

/// See the module.
pub struct WaitingRoom {
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl WaitingRoom {
    /// Answers on `listener`, on threads of its own, until it is closed.
    ///
    /// # Errors
    /// The listener cannot be used, or no thread can be started.
    pub fn open(listener: TcpListener) -> io::Result<Self> {
        let build = move || {
            let server = HttpServer::new(|| App::new().default_service(web::to(answer)))
                .workers(1)
                .max_connections(CONNECTIONS)
                .keep_alive(KeepAlive::Disabled)
                .client_request_timeout(HEAD_PATIENCE)
                .shutdown_timeout(CLOSING)
                .disable_signals()
                .listen(listener)?;
            Ok::<_, io::Error>(server.run())
        };
        let (started, starting) = std::sync::mpsc::sync_channel(1);
        let run = move || {
            let ended = actix_web::rt::System::new().block_on(async move {
                match build() {
                    Ok(server) => {
                        let _ = started.send(Ok(server.handle())); // it is awaited
                        server.await
                    }
                    Err(error) => {
                        let _ = started.send(Err(error));
                        Ok(())
                    }
                }
            });
            if let Err(error) = ended {
                tracing::warn!(%error, "nothing answers before this node is open");
            }
        };
        let thread = std::thread::Builder::new().name("waiting".into()).spawn(run)?;
        let handle = starting.recv().map_err(io::Error::other)??;
        Ok(Self { handle, thread })
    }

    /// Takes no more connections, and ends. Those that come now wait for whoever has the listener next.
    pub async fn close(self) {
        self.handle.stop(true).await;
        let _ = tokio::task::spawn_blocking(move || self.thread.join()).await; // it has ended either way
    }
}

async fn answer(request: HttpRequest) -> HttpResponse {
    let heads = Heads::of(&request);
    let below = heads.path.strip_prefix(BASE).unwrap_or_default();
    if below == "/system/liveness" || below.starts_with("/system/liveness/") {
        return with_headers(StatusCode::OK).finish();
    }
    let what = if below.starts_with("/system/readiness") { "Not ready: server" } else { "This node is not open yet" };
    let error = ApiError { message: what.into(), ..ApiError::plain(StatusCode::SERVICE_UNAVAILABLE, &heads.path) };
    refuse(&error.retry_after(AGAIN), &heads)
}
