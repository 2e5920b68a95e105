//! Errors on the wire: always the standard entity (system.md §3.1), whatever went wrong.

use std::borrow::Cow;

use actix_web::http::StatusCode;

use crate::actions::Fault;
use crate::state::Refusal;
use crate::telemetry::Seldom;

/// An error as a client sees it: a status and the three texts of the standard entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// Openfire's name of the exception; clients match on it.
    pub exception: &'static str,
    /// What went wrong.
    pub message: Cow<'static, str>,
    /// What it is about; `None` leaves the member out.
    pub resource: Option<String>,
    /// After how many seconds to come back, where that helps.
    pub retry_after: Option<u32>,
    /// Methods that the path knows, for 405.
    pub allow: Option<String>,
}

/// What a handler answers with when it does not succeed.
pub type Result<T> = std::result::Result<T, ApiError>;

impl ApiError {
    /// An error with all its parts.
    pub fn new(status: StatusCode, exception: &'static str, message: impl Into<Cow<'static, str>>, resource: impl Into<String>) -> Self {
        Self { status, exception, message: message.into(), resource: Some(resource.into()), retry_after: None, allow: None }
    }

    /// 400 `IllegalArgumentException`.
    pub fn illegal(message: impl Into<Cow<'static, str>>, resource: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "IllegalArgumentException", message, resource)
    }

    /// 404 with the given exception.
    pub fn not_found(exception: &'static str, message: impl Into<Cow<'static, str>>, resource: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, exception, message, resource)
    }

    /// 409 with the given exception.
    pub fn conflict(exception: &'static str, message: impl Into<Cow<'static, str>>, resource: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, exception, message, resource)
    }

    /// An error that upstream leaves to its web server: the reason phrase, about the path.
    pub fn plain(status: StatusCode, path: &str) -> Self {
        let exception = match status {
            StatusCode::UNAUTHORIZED => "NotAuthorizedException",
            StatusCode::FORBIDDEN => "ForbiddenException",
            StatusCode::NOT_FOUND => "NotFoundException",
            StatusCode::METHOD_NOT_ALLOWED => "NotAllowedException",
            StatusCode::NOT_ACCEPTABLE => "NotAcceptableException",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "NotSupportedException",
            StatusCode::PAYLOAD_TOO_LARGE => "PayloadTooLargeException",
            StatusCode::REQUEST_TIMEOUT => "RequestTimeoutException",
            StatusCode::TOO_MANY_REQUESTS => "TooManyRequestsException",
            StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailableException",
            StatusCode::INTERNAL_SERVER_ERROR => "InternalServerErrorException",
            _ => "IllegalArgumentException",
        };
        Self::new(status, exception, status.canonical_reason().unwrap_or("Error"), path)
    }

    /// With a time after which to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

/// Maps what every action may come to, whatever it is about: `own` says what the endpoint answers to the faults it names, and
/// the rest is the same everywhere.
pub fn map(fault: Fault, own: impl FnOnce(&Fault) -> Option<ApiError>) -> ApiError {
    if let Some(error) = own(&fault) {
        return error;
    }
    match fault {
        Fault::Refused(Refusal::RequestMismatch) => ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "IllegalArgumentException",
            "The Idempotency-Key was used with another request",
            "Idempotency-Key",
        ),
        // It may have been carried out: the client is to ask, not to repeat.
        Fault::Refused(Refusal::TooLate) => unavailable("The request took too long and may have been carried out"),
        Fault::Refused(refusal) => ApiError::conflict("NotAllowedException", refusal.to_string(), ""),
        Fault::Invalid(invalid) => ApiError::illegal(invalid.to_string(), ""),
        Fault::TooLarge => ApiError::plain(StatusCode::PAYLOAD_TOO_LARGE, ""),
        Fault::Unavailable(why) => {
            static TOLD: Seldom = Seldom::new();
            if let Some(left_out) = TOLD.due() {
                tracing::warn!(%why, left_out, "cannot answer now");
            }
            unavailable("The cluster cannot answer now")
        }
        Fault::NotNow(why) => unavailable(why),
        Fault::Overloaded => unavailable("Too many requests are waiting already"),
        Fault::Internal(why) => {
            tracing::error!(why, "internal fault");
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerErrorException", "Internal Server Error", "")
        }
    }
}

/// 503, to come back in a second.
fn unavailable(message: impl Into<Cow<'static, str>>) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", message, "").retry_after(1)
}
