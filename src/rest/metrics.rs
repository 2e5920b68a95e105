//! The metrics page: on the REST listener for whoever may call the API from their address, without credentials; or on a listener
//! of its own, for whoever reaches that.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::http::{Method, header};
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use crate::actions::Hearth;
use crate::telemetry::metrics::{CONTENT_TYPE, Page};

use super::connections::Connections;
use super::door::Door;
use super::meters;

/// Where the page is.
pub const PATH: &str = "/metrics";

/// Connections to a listener of its own at a time.
const CONNECTIONS: usize = 64;

/// What the page tells.
#[derive(Clone)]
pub struct Metrics {
    /// The service.
    pub hearth: Arc<Hearth>,
    /// The connections of the REST listener.
    pub connections: Connections,
}

impl Metrics {
    /// Whether the REST listener has the page.
    pub fn is_on_rest(&self) -> bool {
        let config = &self.hearth.config().metrics;
        config.enabled && config.listen.is_none()
    }

    /// A listener of its own, if it is to have one.
    ///
    /// # Errors
    /// The address cannot be used.
    pub fn listener(&self) -> io::Result<Option<TcpListener>> {
        let config = &self.hearth.config().metrics;
        let Some(address) = config.listen.filter(|_| config.enabled) else { return Ok(None) };
        let failed = |error: io::Error| io::Error::new(error.kind(), format!("the metrics cannot be served at {address}: {error}"));
        let listener = TcpListener::bind(address).map_err(failed)?;
        tracing::info!("serving metrics at http://{}{PATH}", listener.local_addr()?);
        Ok(Some(listener))
    }

    /// Answers with the page.
    async fn answer(&self, method: &Method) -> HttpResponse {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET,HEAD")).finish();
        }
        let metrics = self.clone();
        // Looking everything up reads files.
        match web::block(move || metrics.write()).await {
            Ok(text) => HttpResponse::Ok().insert_header((header::CONTENT_TYPE, CONTENT_TYPE)).body(text),
            Err(_) => HttpResponse::InternalServerError().finish(), // the server is ending
        }
    }

    fn write(&self) -> String {
        let mut page = Page::default();
        self.hearth.write_metrics(&mut page);
        page.number("hearth_rest_connections", self.connections.open());
        meters::write(&mut page);
        page.finish()
    }
}

/// Answers a request to the page on the REST listener.
pub async fn answer(request: &HttpRequest, door: &Door, metrics: &Metrics) -> HttpResponse {
    match door.refuse_address(request) {
        Some(refusal) => refusal,
        None => metrics.answer(request.method()).await,
    }
}

/// Serves the page, and nothing else, on a listener of its own. Must be called on an actix system, which then runs it.
///
/// # Errors
/// The listener cannot be used.
pub fn serve(metrics: Metrics, listener: TcpListener) -> io::Result<Server> {
    let metrics = Data::new(metrics);
    let page = |request: HttpRequest, metrics: Data<Metrics>| async move { metrics.answer(request.method()).await };
    let app = move || App::new().app_data(metrics.clone()).route(PATH, web::to(page));
    let server = HttpServer::new(app).workers(1).max_connections(CONNECTIONS).shutdown_timeout(1).disable_signals();
    Ok(server.listen(listener)?.run())
}
