//! Who is calling (system.md §2.2, §2.3).

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::actions::{Fault, Hearth, Throttle};
use crate::state::State;
use crate::telemetry::Seldom;
use crate::telemetry::metrics::Bound;

use super::call::general;
use super::error::{ApiError, Result};

/// Restricts authentication to one kind when stored: `basic` or `secret`.
pub const HTTP_AUTH: &str = "plugin.restapi.httpAuth";
/// How the audit log names this door.
pub const DOOR: &str = "REST API";

/// How the audit log names holders of the shared secret.
pub const SECRET_HOLDER: &str = "REST API";

/// The address of the client: the peer's, or what a trusted proxy says it is.
pub fn client_address(hearth: &Hearth, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    Some(hearth.forwarding.client(peer, forwarded))
}

/// 401 unless the address is allowed.
///
/// # Errors
/// 401.
pub fn check_address(hearth: &Hearth, state: &State, address: IpAddr, path: &str) -> Result<()> {
    if hearth.allows_address(state, address) {
        return Ok(());
    }
    static TOLD: Seldom = Seldom::new();
    if let Some(left_out) = TOLD.due() {
        tracing::warn!(%address, left_out, "address is not on the allow list");
    }
    Err(ApiError::plain(StatusCode::UNAUTHORIZED, path))
}

/// What a caller offers.
struct Offer {
    whole: String,
    basic: Option<(String, String)>,
}

impl Offer {
    fn name(&self) -> Option<&str> {
        self.basic.as_ref().map(|(name, _)| name.as_str())
    }
}

/// Which kinds of credential count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// Basic and the shared secret.
    Both,
    /// Basic alone.
    Basic,
    /// The shared secret alone.
    Secret,
    /// None, since what is stored is neither.
    None,
}

/// Which kinds of credential count.
pub fn kinds(state: &State) -> Kinds {
    match state.properties.value(HTTP_AUTH) {
        None => Kinds::Both,
        Some("basic") => Kinds::Basic,
        Some("secret") => Kinds::Secret,
        Some(other) => {
            static TOLD: Seldom = Seldom::new();
            if let Some(left_out) = TOLD.due() {
                tracing::error!(value = other, left_out, "{HTTP_AUTH} must be basic or secret; nobody is let in");
            }
            Kinds::None
        }
    }
}

/// The name of the caller, as the audit log will have it.
///
/// # Errors
/// 401, or 429 after many failures.
pub async fn authenticate(hearth: &Hearth, throttle: &Throttle, state: &State, request: &HttpRequest, address: IpAddr) -> Result<String> {
    let path = request.path();
    let kinds = kinds(state);
    if kinds == Kinds::None {
        return Err(ApiError::plain(StatusCode::FORBIDDEN, path));
    }
    let Some(offer) = offer(request) else { return Err(ApiError::plain(StatusCode::UNAUTHORIZED, path)) };
    let wait = throttle.wait(address, offer.name());
    if let Some(name) = verified(hearth, state, &offer, kinds, wait).await? {
        return Ok(name);
    }
    // What was changed at another node a moment ago counts here too.
    if let Ok(newer) = hearth.read().await
        && newer.index > state.index
        && let Some(name) = verified(hearth, &newer, &offer, self::kinds(&newer), wait).await?
    {
        return Ok(name);
    }
    let name = offer.name();
    if let Some(seconds) = wait {
        Bound::Logins.hit();
        return Err(ApiError::plain(StatusCode::TOO_MANY_REQUESTS, path).retry_after(seconds));
    }
    throttle.failed(address, name);
    tracing::warn!(%address, offered = offer.whole.len(), "credentials are not right");
    note(hearth, address, name).await?;
    Err(ApiError::plain(StatusCode::UNAUTHORIZED, path))
}

/// The name of the caller, if what they offer is right. While they have to `wait`, only what was right lately counts.
async fn verified(hearth: &Hearth, state: &State, offer: &Offer, kinds: Kinds, wait: Option<u32>) -> Result<Option<String>> {
    if matches!(kinds, Kinds::Both | Kinds::Secret) && hearth.verify_secret(state, &offer.whole) {
        return Ok(Some(SECRET_HOLDER.into()));
    }
    let Some((name, password)) = offer.basic.as_ref().filter(|_| matches!(kinds, Kinds::Both | Kinds::Basic)) else { return Ok(None) };
    let verified = match (hearth.remembered_admin(state, name, password), wait) {
        (Some(known), _) => Some(known),
        (None, Some(_)) => None,
        (None, None) => hearth.verify_admin(state, name, password).await.map_err(general)?,
    };
    Ok(verified.map(|name| name.to_string()))
}

/// Failed logins are in the audit log; the throttle bounds how many there can be.
async fn note(hearth: &Hearth, address: IpAddr, name: Option<&str>) -> Result<()> {
    match hearth.note_failed_login(name.unwrap_or(SECRET_HOLDER), address, DOOR).await {
        Ok(()) | Err(Fault::Unavailable(_)) => Ok(()), // the answer is 401 all the same
        Err(fault) => Err(general(fault)),
    }
}

/// COMPAT(openfire): several headers are joined with a comma, and the scheme may be missing.
fn offer(request: &HttpRequest) -> Option<Offer> {
    let values: Vec<&str> = request.headers().get_all(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default()).collect();
    if values.is_empty() {
        return None;
    }
    let whole = values.join(",");
    let encoded = match whole.split_at_checked(6) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic ") => rest.trim(),
        _ => whole.trim(),
    };
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let basic = decoded.and_then(|text| text.split_once(':').map(|(name, password)| (name.into(), password.into())));
    Some(Offer { whole, basic })
}
