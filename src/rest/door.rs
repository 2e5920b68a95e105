//! The door: every request passes the same checks in the same order (system.md §1.3) before its handler sees it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use uuid::Uuid;

use crate::actions::{Caller, Hearth, Key};
use crate::state::{Refusal, RequestId};

use super::auth::{self, authenticate, check_address, client_address};
use super::call::{Answer, Call, general};
use super::entities::{ErrorBody, Format, encode};
use super::error::{ApiError, Result};
use super::meters;
use super::negotiate::{self, Accept, BadContentType};
use super::path::{BadTarget, Query, segments};
use super::routes::{Access, Base, Endpoint, Gives, Route, Takes, find};
use crate::actions::Throttle;
use crate::telemetry::metrics::Bound;

/// A request id that the client chose.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Longest such id, in bytes.
const KEY_MAX: usize = 255;
/// Namespace of the request ids made from them.
const KEY_SPACE: Uuid = Uuid::from_u128(0x7d2b_54b1_4c7e_4f0d_9a53_6f0c_5d0e_8a11);
/// Reads may be answered from the node that was asked, as it is: `local`.
const CONSISTENCY: &str = "x-hearth-consistency";
/// Log index that a local read reflects.
const APPLIED: HeaderName = HeaderName::from_static("x-hearth-applied");

/// The way in.
pub struct Door {
    /// The service.
    pub hearth: Arc<Hearth>,
    /// Failed logins of late.
    pub throttle: Arc<Throttle>,
}

/// The route of a path, if it has one, with its path parameters.
type Found = std::result::Result<Option<(&'static Route, Vec<String>)>, BadTarget>;

/// What is known of a request before its body is read.
pub(super) struct Heads {
    /// Its path.
    pub path: String,
    accept: Accept,
    content: Option<String>,
}

impl Heads {
    /// Those of this request.
    pub fn of(request: &HttpRequest) -> Self {
        let accept = Accept::parse(request.headers().get_all(header::ACCEPT).map(|value| value.to_str().unwrap_or_default()));
        let content = text(request.headers(), &header::CONTENT_TYPE).map(str::to_owned);
        Self { path: request.path().to_owned(), accept, content }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

impl Door {
    /// Answers a request below a base; `raw` is its path from there on.
    pub async fn answer(&self, request: HttpRequest, payload: Payload, base: Base, raw: &str) -> HttpResponse {
        let since = Instant::now();
        let heads = Heads::of(&request);
        let found = segments(raw).map(|segments| find(base, &segments));
        let meter = meters::of(base, found.as_ref().ok().and_then(|found| Some(found.as_ref()?.0)), request.method());
        let answered = self.through(&request, &heads, payload, found).await;
        let answer = answered.unwrap_or_else(|error| refuse(&error, &heads));
        meter.note(since, &answer);
        answer
    }

    /// Answers a request to a path where nothing lives.
    pub fn nowhere(&self, request: &HttpRequest) -> HttpResponse {
        let heads = Heads::of(request);
        refuse(&ApiError::plain(StatusCode::NOT_FOUND, &heads.path), &heads)
    }

    /// The refusal of a request from an address that may not call the API.
    pub fn refuse_address(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let heads = Heads::of(request);
        let address = client_address(&self.hearth, request).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let checked = check_address(&self.hearth, &self.hearth.local(), address, &heads.path);
        checked.err().map(|error| refuse(&error, &heads))
    }

    async fn through(&self, request: &HttpRequest, heads: &Heads, payload: Payload, found: Found) -> Result<HttpResponse> {
        let path = &heads.path;
        let bad_target = |_| ApiError::plain(StatusCode::BAD_REQUEST, path);
        let found = found.map_err(bad_target)?;
        let query = Query::parse(request.query_string()).map_err(bad_target)?;
        // Exemptions are decided on the matched route, never on text (S1).
        let access = found.as_ref().map(|(route, _)| access(route));
        let caller = self.admit(request, path, access).await?;
        let (route, params) = found.ok_or_else(|| ApiError::plain(StatusCode::NOT_FOUND, path))?;
        if *request.method() == Method::OPTIONS {
            return Ok(with_headers(StatusCode::OK).insert_header((header::ALLOW, route.allow())).finish());
        }
        let Some(endpoint) = route.endpoint(request.method()) else {
            return Err(ApiError { allow: Some(route.allow()), ..ApiError::plain(StatusCode::METHOD_NOT_ALLOWED, path) });
        };
        let content = content(endpoint, heads, has_body(request))?;
        let accept = accept(endpoint, heads)?;
        let body = self.body(endpoint, request, payload, path).await?;
        let caller = Caller { key: key(request, &caller, &body)?, ..caller };
        if let Some(answer) = self.answered_before(endpoint, &caller).await? {
            return Ok(respond(answer, None));
        }
        let local_reads = query.get("consistency") == Some("local") || request.headers().get(CONSISTENCY).is_some_and(|value| value == "local");
        let hearth = Arc::clone(&self.hearth);
        let path = path.clone();
        let call = Call { hearth, caller, method: endpoint.method.clone(), path, params, query, body, content, accept, local_reads };
        let answer = timeout(self.patience(), (endpoint.handler)(call)).await;
        let answer = answer.map_err(|_| too_late(StatusCode::SERVICE_UNAVAILABLE, &heads.path).retry_after(1))??;
        Ok(respond(answer, local_reads.then(|| self.hearth.local().index)))
    }

    /// The answer to a retry of what was done under its key, where success says all there is to say. A handler would look at the
    /// state as it is now, which others may have changed since.
    async fn answered_before(&self, endpoint: &Endpoint, caller: &Caller) -> Result<Option<Answer>> {
        let Some(key) = caller.key.filter(|_| matches!(endpoint.gives, Gives::Nothing)) else { return Ok(None) };
        let state = self.hearth.read().await.map_err(general)?;
        match state.requests.recall(RequestId(key.id), Some(key.fingerprint)) {
            Some(Ok(_)) => Ok(StatusCode::from_u16(endpoint.success).ok().map(Answer::Empty)),
            Some(Err(refusal @ Refusal::RequestMismatch)) => Err(general(refusal.into())),
            Some(Err(_)) | None => Ok(None),
        }
    }

    fn patience(&self) -> Duration {
        self.hearth.config().limits.request_timeout()
    }

    /// Who calls, if they may.
    async fn admit(&self, request: &HttpRequest, path: &str, access: Option<Access>) -> Result<Caller> {
        let address = client_address(&self.hearth, request).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let anybody = |name: &str| Caller { name: name.into(), address, door: auth::DOOR, key: None };
        let document = access == Some(Access::Document) && self.hearth.config().rest.openapi_public;
        if document || access == Some(Access::Public) {
            return Ok(anybody(""));
        }
        let state = self.hearth.local();
        if !self.hearth.api_enabled(&state) {
            return Err(ApiError::plain(StatusCode::FORBIDDEN, path));
        }
        if *request.method() == Method::OPTIONS {
            return Ok(anybody(""));
        }
        check_address(&self.hearth, &state, address, path)?;
        let name = authenticate(&self.hearth, &self.throttle, &state, request, address).await?;
        Ok(anybody(&name))
    }

    async fn body(&self, endpoint: &Endpoint, request: &HttpRequest, mut payload: Payload, path: &str) -> Result<Bytes> {
        let limits = &self.hearth.config().limits;
        let most = match endpoint.takes {
            Takes::Nothing => return Ok(Bytes::new()),
            Takes::Bulk(_) => limits.bulk_body_bytes,
            Takes::Entity(_) | Takes::Vcard => limits.body_bytes,
        };
        let too_large = || {
            Bound::Body.hit();
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "IllegalArgumentException", format!("The body is larger than {most} bytes"), path)
        };
        let announced = text(request.headers(), &header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
        if announced.is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        let read = async {
            while let Some(piece) = payload.next().await {
                let piece = piece.map_err(|_| ApiError::plain(StatusCode::BAD_REQUEST, path))?;
                if body.len() + piece.len() > most {
                    return Err(too_large());
                }
                body.extend_from_slice(&piece);
            }
            Ok(())
        };
        timeout(self.patience(), read).await.map_err(|_| too_late(StatusCode::REQUEST_TIMEOUT, path))??;
        Ok(body.freeze())
    }
}

fn too_late(status: StatusCode, path: &str) -> ApiError {
    Bound::RequestTime.hit();
    ApiError::plain(status, path)
}

fn access(route: &Route) -> Access {
    // All endpoints of a path have the same access, so that a method that it does not have needs no guess.
    route.endpoints.first().map_or(Access::Admin, |endpoint| endpoint.access)
}

fn has_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let announced = text(headers, &header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    announced || headers.contains_key(header::TRANSFER_ENCODING)
}

/// What the body is, where one is read (system.md §3.2).
fn content(endpoint: &Endpoint, heads: &Heads, has_body: bool) -> Result<Option<Format>> {
    let plain = |status| Err(ApiError::plain(status, &heads.path));
    if matches!(endpoint.takes, Takes::Nothing) {
        return Ok(None);
    }
    let vcard = matches!(endpoint.takes, Takes::Vcard);
    match heads.content.as_deref().map(negotiate::body) {
        Some(Ok(Format::Json)) if vcard => plain(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        Some(Ok(format)) => Ok(Some(format)),
        Some(Err(BadContentType::Malformed)) => plain(StatusCode::BAD_REQUEST),
        Some(Err(BadContentType::Unsupported)) => plain(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        None if vcard => Ok(Some(Format::Xml)),
        None if has_body => plain(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        None => Ok(None),
    }
}

/// What the answer will be, where there is one (system.md §2.7).
fn accept(endpoint: &Endpoint, heads: &Heads) -> Result<Format> {
    let unacceptable = || ApiError::plain(StatusCode::NOT_ACCEPTABLE, &heads.path);
    match endpoint.gives {
        Gives::Nothing | Gives::Own => Ok(Format::Xml),
        Gives::Entity(_) => heads.accept.success().ok_or_else(unacceptable),
        Gives::Vcard => heads.accept.takes_xml().then_some(Format::Xml).ok_or_else(unacceptable),
    }
}

/// The request id that the client chose, if it did and the request changes something.
fn key(request: &HttpRequest, caller: &Caller, body: &[u8]) -> Result<Option<Key>> {
    let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(None);
    }
    if value.is_empty() || value.len() > KEY_MAX {
        return Err(ApiError::illegal(format!("An Idempotency-Key has 1 to {KEY_MAX} bytes"), "Idempotency-Key"));
    }
    let name = [caller.name.as_bytes(), b"\0", value.as_bytes()].concat();
    let mut digest = Sha256::new();
    for part in [request.method().as_str().as_bytes(), request.uri().to_string().as_bytes(), body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest[..16]);
    Ok(Some(Key { id: Uuid::new_v5(&KEY_SPACE, &name), fingerprint }))
}

/// A response with the headers that every answer of the API has (system.md §2.4 R).
pub(super) fn with_headers(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "origin, content-type, accept, authorization"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, OPTIONS, HEAD"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "3600"))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

fn respond(answer: Answer, applied: Option<u64>) -> HttpResponse {
    let status = match &answer {
        Answer::Empty(status) | Answer::Body { status, .. } => *status,
        Answer::Stream { .. } => StatusCode::OK,
    };
    let mut response = with_headers(status);
    if let Some(index) = applied {
        response.insert_header((APPLIED, index.to_string()));
    }
    match answer {
        Answer::Empty(_) => response.finish(),
        Answer::Body { content_type, bytes, .. } => response.insert_header((header::CONTENT_TYPE, content_type)).body(bytes),
        Answer::Stream { content_type, pieces } => response.insert_header((header::CONTENT_TYPE, content_type)).streaming(pieces),
    }
}

/// An error in the form the client can read.
pub(super) fn refuse(error: &ApiError, heads: &Heads) -> HttpResponse {
    let format = heads.accept.error(heads.content.as_deref());
    let body = ErrorBody { exception: Some(error.exception.into()), message: Some(error.message.to_string()), resource: error.resource.clone() };
    let mut response = with_headers(error.status);
    if let Some(allow) = &error.allow {
        response.insert_header((header::ALLOW, allow.as_str()));
    }
    if let Some(seconds) = error.retry_after {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    response.insert_header((header::CONTENT_TYPE, format.content_type())).body(encode(&body, format))
}
