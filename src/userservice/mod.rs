//! Floor 6: the legacy User Service, the query-string door that came before the REST API (users.md §9).
//!
//! Its secret travels in the URL, so nothing here ever logs a query. Whatever it answers itself is HTTP 200.

mod acts;
mod parameters;
#[cfg(test)]
mod tests;
mod words;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use tokio::time::timeout;

use crate::actions::{Caller, Hearth, Throttle};
use crate::state::State;
use crate::telemetry::Seldom;
use crate::telemetry::metrics::Bound;

use parameters::Parameters;
use words::{Said, Word};

/// Switches the service off or on; when it is not stored, the node's configuration decides.
const ENABLED: &str = "plugin.userservice.enabled";
/// How the audit log names this door.
const DOOR: &str = "User Service";
/// How the audit log names whoever knows the secret.
const SECRET_HOLDER: &str = "REST API";
/// What can be asked of it.
const ALLOW: &str = "GET,POST,OPTIONS";

/// Where the service was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Address {
    /// Below the REST API.
    Current,
    /// Where older documents and plugins have it.
    Alias,
}

impl Address {
    fn of(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let plugin = path.strip_prefix("/plugins/")?.strip_suffix("/userservice")?;
        match plugin {
            "restapi/v1" => Some(Self::Current),
            "restapi" => Some(Self::Alias),
            alone if alone.eq_ignore_ascii_case("userservice") => Some(Self::Alias),
            _ => None,
        }
    }
}

struct Door {
    hearth: Arc<Hearth>,
    /// Failed logins of late, through every door.
    throttle: Arc<Throttle>,
}

/// The answer to a request; or the request again, when its path is not the service's.
type Answered = Result<LocalBoxFuture<'static, HttpResponse>, (HttpRequest, Payload)>;

/// The door as a function.
pub fn door(hearth: Arc<Hearth>, throttle: Arc<Throttle>) -> Arc<dyn Fn(HttpRequest, Payload) -> Answered + Send + Sync> {
    let door = Arc::new(Door { hearth, throttle });
    Arc::new(move |request, payload| {
        if Address::of(request.path()).is_none() {
            return Err((request, payload));
        }
        let door = Arc::clone(&door);
        Ok(Box::pin(async move { door.answer(request, payload).await }))
    })
}

impl Door {
    async fn answer(&self, request: HttpRequest, payload: Payload) -> HttpResponse {
        let state = self.hearth.local();
        if !self.enabled(&state) {
            let current = Address::of(request.path()) == Some(Address::Current);
            let status = if current { StatusCode::FORBIDDEN } else { StatusCode::OK };
            return Said { status, ..Word::Disabled.into() }.respond();
        }
        match *request.method() {
            Method::GET | Method::POST => {}
            Method::OPTIONS => return HttpResponse::Ok().insert_header((header::ALLOW, ALLOW)).finish(),
            // COMPAT(openfire): there HEAD carries the act out; here it is no method (Q32).
            _ => return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, ALLOW)).finish(),
        }
        self.through(&state, &request, payload).await.unwrap_or_else(|said| said).respond()
    }

    fn enabled(&self, state: &State) -> bool {
        let stored = state.properties.value(ENABLED).map(|value| value.eq_ignore_ascii_case("true"));
        self.hearth.api_enabled(state) && stored.unwrap_or(self.hearth.config().userservice.enabled)
    }

    async fn through(&self, state: &State, request: &HttpRequest, payload: Payload) -> Result<Said, Said> {
        let address = self.client(request);
        if !self.hearth.allows_address(state, address) {
            static TOLD: Seldom = Seldom::new();
            if let Some(left_out) = TOLD.due() {
                tracing::warn!(%address, left_out, "address is not on the allow list");
            }
            return Err(Word::NotAuthorised.into());
        }
        let form = if is_form(request) { self.body(payload).await? } else { Bytes::new() };
        let parameters = Parameters::read(request.query_string(), &form);
        self.authenticate(state, address, parameters.get("secret")).await?;
        let caller = Caller { name: SECRET_HOLDER.into(), address, door: DOOR, key: None };
        acts::act(&self.hearth, &caller, &parameters).await
    }

    fn client(&self, request: &HttpRequest) -> IpAddr {
        let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        self.hearth.forwarding.client(peer, forwarded)
    }

    async fn authenticate(&self, state: &State, address: IpAddr, secret: Option<&str>) -> Result<(), Said> {
        if secret.is_some_and(|secret| self.hearth.verify_secret(state, secret)) {
            return Ok(());
        }
        if let Some(seconds) = self.throttle.wait(address, None) {
            Bound::Logins.hit();
            return Err(Said { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(seconds), ..Word::NotAuthorised.into() });
        }
        self.throttle.failed(address, None);
        tracing::warn!(%address, "the secret is not right");
        if let Err(fault) = self.hearth.note_failed_login(SECRET_HOLDER, address, DOOR).await {
            tracing::warn!(%fault, "a failed login could not be written to the audit log");
        }
        Err(Word::NotAuthorised.into())
    }

    async fn body(&self, mut payload: Payload) -> Result<Bytes, Said> {
        let limits = &self.hearth.config().limits;
        let mut body = BytesMut::new();
        let read = async {
            while let Some(piece) = payload.next().await {
                let piece = piece.map_err(|_| Said::from(Word::Illegal))?;
                if body.len() + piece.len() > limits.body_bytes {
                    Bound::Body.hit();
                    return Err(Said { status: StatusCode::PAYLOAD_TOO_LARGE, ..Word::Illegal.into() });
                }
                body.extend_from_slice(&piece);
            }
            Ok(())
        };
        let late = |_| {
            Bound::RequestTime.hit();
            Said { status: StatusCode::REQUEST_TIMEOUT, ..Word::Illegal.into() }
        };
        timeout(limits.request_timeout(), read).await.map_err(late)??;
        Ok(body.freeze())
    }
}

/// Whether the body holds parameters.
fn is_form(request: &HttpRequest) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    *request.method() == Method::POST && kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
