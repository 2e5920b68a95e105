//! Letting people in again who have locked themselves out: the properties that open the API can be changed over the API alone.

use std::net::Ipv4Addr;

use tokio::time::sleep;

use super::{StartError, TELLING};
use crate::actions::credentials::{ALLOWED_IPS, ENABLED, SECRET};
use crate::actions::{Caller, Fault, Hearth};
use crate::base::secrets::Secret;
use crate::raft;
use crate::rest::auth::HTTP_AUTH;

/// How the audit log names whoever starts the process, and how they came in. No account can have such a name.
const OPERATOR: &str = "the operator";
const DOOR: &str = "start with --restore-access";

/// Switches the API on, lets every address in, accepts each kind of credential, and makes this the API secret, if one is given. Waits
/// for a majority, and says now and then that it does.
///
/// # Errors
/// The node has to stop, or the secret cannot be one.
pub async fn restore(raft: &raft::Node, hearth: &Hearth, secret: Option<&Secret>) -> Result<(), StartError> {
    loop {
        tokio::select! {
            why = raft.stopped() => return Err(StartError::First(why)),
            why = hearth.parts.cluster.stopped() => return Err(StartError::Join(why)),
            opened = open(hearth, secret) => match opened {
                Ok(()) => break,
                Err(Fault::Unavailable(why)) => tracing::info!(%why, "access to the API is not restored yet"),
                Err(fault) => return Err(StartError::Access(fault)),
            },
            () = sleep(TELLING) => tracing::info!("waiting for a majority to restore access to the API"),
        }
    }
    tracing::warn!(secret = secret.is_some(), "access to the API is restored; leave --restore-access out at the next start");
    Ok(())
}

/// What keeps addresses out goes last: until then a secret that others may know lets nobody in.
async fn open(hearth: &Hearth, secret: Option<&Secret>) -> Result<(), Fault> {
    let caller = Caller { name: OPERATOR.to_owned(), address: Ipv4Addr::LOCALHOST.into(), door: DOOR, key: None };
    hearth.parts.cluster.members().fence().opened().await;
    if let Some(secret) = secret {
        hearth.set_property(&caller, SECRET, secret.expose().to_owned()).await?;
    }
    hearth.set_property(&caller, ENABLED, "true".to_owned()).await?;
    hearth.delete_property(&caller, HTTP_AUTH, true).await?;
    hearth.delete_property(&caller, ALLOWED_IPS, true).await
}
