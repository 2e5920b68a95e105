//! One request on its way to its handler, and what the handler answers.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use bytes::Bytes;
use futures_util::stream::LocalBoxStream;

use crate::actions::{Caller, Fault, Hearth};
use crate::state::State;

use super::entities::{self, BadBody, Entity, Format, Limits, Readable};
use super::error::{ApiError, Result, map};
use super::path::Query;

/// A request that has passed every check of the door.
pub struct Call {
    /// The service.
    pub hearth: Arc<Hearth>,
    /// Who calls.
    pub caller: Caller,
    /// Request method; `GET` also for `HEAD`.
    pub method: Method,
    /// The path as received, for errors about the request as a whole.
    pub path: String,
    /// Path parameters, in the order of the route.
    pub params: Vec<String>,
    /// Query parameters.
    pub query: Query,
    /// The body.
    pub body: Bytes,
    /// What the body is; `None` without a Content-Type.
    pub content: Option<Format>,
    /// What the answer will be.
    pub accept: Format,
    /// Reads may be answered from this node as it is.
    pub local_reads: bool,
}

impl Call {
    /// The `n`th path parameter.
    pub fn param(&self, n: usize) -> &str {
        self.params.get(n).map_or("", String::as_str)
    }

    /// Reads the body; `None` where there is nothing to read (no body, or JSON `null`).
    ///
    /// # Errors
    /// 400 when the body cannot be read.
    pub fn read<T: Readable>(&self) -> Result<Option<T>> {
        self.read_with(|body, format, limits| match format {
            Format::Xml => T::from_xml(body, limits).map(Some),
            Format::Json => T::from_json(body, limits),
        })
    }

    /// Reads the body with `decode`; `None` where there is nothing to read.
    ///
    /// # Errors
    /// 400 when the body cannot be read.
    pub fn read_with<T>(&self, decode: impl FnOnce(&[u8], Format, &Limits) -> std::result::Result<Option<T>, BadBody>) -> Result<Option<T>> {
        let limits = &self.hearth.config().limits;
        let limits = Limits { depth: limits.depth, entries: limits.list_entries };
        let Some(format) = self.content else { return Ok(None) };
        decode(&self.body, format, &limits).map_err(|bad| ApiError::illegal(format!("Could not parse the request body: {bad}"), &self.path))
    }

    /// The state to read from: the truth, unless the client asked for this node's view.
    ///
    /// # Errors
    /// 503 without a majority.
    pub async fn state(&self) -> Result<Arc<State>> {
        if self.local_reads {
            return Ok(self.hearth.local());
        }
        self.hearth.read().await.map_err(general)
    }

    /// 200 with an entity.
    pub fn entity(&self, entity: &impl Entity) -> Answer {
        self.bytes(entities::encode(entity, self.accept))
    }

    /// 200 with an entity that is encoded already.
    pub fn bytes(&self, bytes: Vec<u8>) -> Answer {
        Answer::Body { status: StatusCode::OK, content_type: self.accept.content_type(), bytes: bytes.into() }
    }
}

/// Maps a fault that an endpoint has no words of its own for.
pub fn general(fault: Fault) -> ApiError {
    map(fault, |_| None)
}

/// What a handler answers when it succeeds.
pub enum Answer {
    /// A status and nothing else.
    Empty(StatusCode),
    /// A body.
    Body {
        /// HTTP status.
        status: StatusCode,
        /// Its type.
        content_type: &'static str,
        /// Its bytes.
        bytes: Bytes,
    },
    /// A body that is written piece by piece.
    Stream {
        /// Its type.
        content_type: &'static str,
        /// Its pieces.
        pieces: LocalBoxStream<'static, std::result::Result<Bytes, actix_web::Error>>,
    },
}

/// 200 without a body.
pub const DONE: Answer = Answer::Empty(StatusCode::OK);
/// 201 without a body.
pub const CREATED: Answer = Answer::Empty(StatusCode::CREATED);
