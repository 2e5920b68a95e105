//! Letting people in again who have locked themselves out: the properties that open the API can be changed over the API alone.

use std::net::Ipv4Addr;

use crate::actions::credentials::{ALLOWED_IPS, ENABLED, SECRET};
use crate::actions::{Caller, Fault, Hearth};
use crate::base::secrets::Secret;
use crate::rest::auth::HTTP_AUTH;

/// How the audit log names whoever starts the process, and how they came in.
const OPERATOR: &str = "operator";
const DOOR: &str = "start with --restore-access";

/// Switches the API on, lets every address in, accepts each kind of credential, and makes this the API secret, if one is given.
///
/// # Errors
/// The cluster cannot answer, or the secret is none.
pub async fn restore(hearth: &Hearth, secret: Option<&Secret>) -> Result<(), Fault> {
    let caller = Caller { name: OPERATOR.to_owned(), address: Ipv4Addr::LOCALHOST.into(), door: DOOR, key: None };
    for restriction in [ALLOWED_IPS, HTTP_AUTH] {
        hearth.delete_property(&caller, restriction, true).await?;
    }
    if let Some(secret) = secret {
        hearth.set_property(&caller, SECRET, secret.expose().to_owned()).await?;
    }
    hearth.set_property(&caller, ENABLED, "true".to_owned()).await?;
    tracing::warn!(secret = secret.is_some(), "access to the API is restored; leave --restore-access out at the next start");
    Ok(())
}
