//! Probes (system.md §5.2–§5.4): 200 without a body, or 503 that names what failed. Open to everybody, also while the API is
//! disabled.

use actix_web::http::StatusCode;

use crate::actions::health::Readiness;

use super::call::{Answer, Call, DONE};
use super::error::{ApiError, Result};

/// The kinds of listener that Openfire knows.
const CONNECTION_TYPES: [&str; 6] = ["SOCKET_S2S", "SOCKET_C2S", "BOSH_C2S", "WEBADMIN", "COMPONENT", "CONNECTION_MANAGER"];

/// `GET /system/liveness`
pub async fn liveness(call: Call) -> Result<Answer> {
    going_on(&call)?;
    nothing_waits(&call)?;
    Ok(DONE)
}

/// `GET /system/liveness/deadlock`
pub async fn deadlock(call: Call) -> Result<Answer> {
    going_on(&call)?;
    Ok(DONE)
}

/// `GET /system/liveness/properties`
pub async fn restart(call: Call) -> Result<Answer> {
    nothing_waits(&call)?;
    Ok(DONE)
}

/// `GET /system/readiness`
pub async fn readiness(call: Call) -> Result<Answer> {
    for what in Readiness::ALL {
        ready(&call, what).await?;
    }
    Ok(DONE)
}

/// `GET /system/readiness/server`
pub async fn server(call: Call) -> Result<Answer> {
    ready(&call, Readiness::Server).await
}

/// `GET /system/readiness/cluster`
pub async fn cluster(call: Call) -> Result<Answer> {
    ready(&call, Readiness::Cluster).await
}

/// `GET /system/readiness/plugins`
pub async fn plugins(call: Call) -> Result<Answer> {
    ready(&call, Readiness::Plugins).await
}

/// `GET /system/readiness/connections`
///
/// Both encryptions of every kind pass: the one listener there is accepts, since this is answered, and the others are not
/// enabled. So `encrypted` (and `encypted`, as upstream's documentation has it) makes no difference.
pub async fn connections(call: Call) -> Result<Answer> {
    let kind = call.query.get("connectionType").unwrap_or_default();
    if !kind.is_empty() && !CONNECTION_TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return Err(ApiError::illegal("Unknown connectionType", kind));
    }
    ready(&call, Readiness::Connections).await
}

fn going_on(call: &Call) -> Result<()> {
    match call.hearth.deadlocked() {
        Some(what) => Err(failed(call, format!("Not live: {what} has stopped answering"))),
        None => Ok(()),
    }
}

fn nothing_waits(call: &Call) -> Result<()> {
    match call.hearth.awaiting_restart() {
        Some(key) => Err(failed(call, format!("Not live: the change of property {key} needs a restart"))),
        None => Ok(()),
    }
}

async fn ready(call: &Call, what: Readiness) -> Result<Answer> {
    if call.hearth.is_ready(what).await {
        return Ok(DONE);
    }
    let name = match what {
        Readiness::Server => "server",
        Readiness::Cluster => "cluster",
        Readiness::Plugins => "plugins",
        Readiness::Connections => "connections",
    };
    Err(failed(call, format!("Not ready: {name}")))
}

fn failed(call: &Call, message: String) -> ApiError {
    ApiError { message: message.into(), ..ApiError::plain(StatusCode::SERVICE_UNAVAILABLE, &call.path) }
}
