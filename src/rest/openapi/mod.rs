//! The OpenAPI document, written from the routes that serve, and the page that shows it (system.md §2.8).

mod document;
mod page;
mod yaml;

use std::sync::OnceLock;

use actix_web::http::StatusCode;
use bytes::Bytes;

use super::auth::{Kinds, kinds};
use super::call::{Answer, Call, general};
use super::error::Result;
use crate::actions::Fault;

pub use page::{DOCS, Page, docs};

/// The document in both forms.
struct Written {
    json: Bytes,
    yaml: Bytes,
}

/// Written once for each choice of credentials.
static WRITTEN: [OnceLock<Written>; 3] = [const { OnceLock::new() }; 3];

/// `GET /openapi.yaml`
pub async fn yaml(call: Call) -> Result<Answer> {
    Ok(Answer::Body { status: StatusCode::OK, content_type: "application/yaml", bytes: written(&call)?.yaml.clone() })
}

/// `GET /openapi.json`
pub async fn json(call: Call) -> Result<Answer> {
    Ok(Answer::Body { status: StatusCode::OK, content_type: "application/json", bytes: written(&call)?.json.clone() })
}

fn written(call: &Call) -> Result<&'static Written> {
    let kinds = kinds(&call.hearth.local());
    let (place, kinds) = match kinds {
        Kinds::Basic => (0, Kinds::Basic),
        Kinds::Secret => (1, Kinds::Secret),
        Kinds::Both | Kinds::None => (2, Kinds::Both),
    };
    let Some(place) = WRITTEN.get(place) else { return Err(general(Fault::Internal("no such document".into()))) };
    if let Some(written) = place.get() {
        return Ok(written);
    }
    let fresh = write(kinds).map_err(|error| general(Fault::Internal(error.to_string())))?;
    Ok(place.get_or_init(|| fresh))
}

fn write(kinds: Kinds) -> serde_json::Result<Written> {
    let value = serde_json::to_value(document::document(kinds))?;
    Ok(Written { json: serde_json::to_vec(&value)?.into(), yaml: yaml::write(&value).into() })
}

#[cfg(test)]
mod tests;
