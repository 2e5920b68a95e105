//! What the service says: a word for each thing that can go wrong, and how it looks on the wire.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};

use crate::actions::Fault;
use crate::base::stanza::escape;
use crate::state::Refusal;
use crate::telemetry::Seldom;

/// The error codes of the service; clients match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Something is missing or cannot be used.
    Illegal,
    /// No such user, or no such contact.
    UserNotFound,
    /// The user or the contact is there already.
    UserExists,
    /// A shared group does not allow it.
    SharedGroup,
    /// Wrong secret, or wrong address.
    NotAuthorised,
    /// The service is switched off.
    Disabled,
    /// The cluster cannot answer now.
    Unavailable,
    /// A fault of this node.
    Internal,
}

impl Word {
    fn text(self) -> &'static str {
        match self {
            Self::Illegal => "IllegalArgumentException",
            Self::UserNotFound => "UserNotFoundException",
            Self::UserExists => "UserAlreadyExistsException",
            Self::SharedGroup => "SharedGroupException",
            Self::NotAuthorised => "RequestNotAuthorised",
            Self::Disabled => "UserServiceDisabled",
            Self::Unavailable => "ServiceUnavailable",
            Self::Internal => "InternalServerError",
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// HTTP status: 200, but for what the service cannot answer itself.
    pub(super) status: StatusCode,
    /// After how many seconds to come back, where that helps.
    pub(super) retry_after: Option<u32>,
    /// The element.
    pub(super) body: String,
}

impl Said {
    fn new(body: String) -> Self {
        Self { status: StatusCode::OK, retry_after: None, body }
    }

    /// It is done. COMPAT(openfire): in lower case, whatever its documentation says.
    pub(super) fn done() -> Self {
        Self::new("<result>ok</result>".into())
    }

    /// Names of groups.
    pub(super) fn groups<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let items: String = names.map(|name| format!("<groupname>{}</groupname>", escape(name))).collect();
        Self::new(format!("<result>{items}</result>"))
    }

    pub(super) fn respond(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_TYPE, "text/xml;charset=utf-8")).insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.body(format!("{}\n", self.body))
    }
}

impl From<Word> for Said {
    fn from(word: Word) -> Self {
        Self::new(format!("<error>{}</error>", word.text()))
    }
}

impl From<Fault> for Said {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(Refusal::UserNotFound(_) | Refusal::ContactNotFound(_)) => Word::UserNotFound.into(),
            Fault::Refused(Refusal::UserExists(_) | Refusal::ContactExists(_)) => Word::UserExists.into(),
            Fault::Refused(Refusal::SharedGroup(_)) => Word::SharedGroup.into(),
            Fault::Refused(_) | Fault::Invalid(_) | Fault::TooLarge => Word::Illegal.into(),
            Fault::Unavailable(_) | Fault::NotNow(_) | Fault::Overloaded => {
                static TOLD: Seldom = Seldom::new();
                if let Some(left_out) = TOLD.due() {
                    tracing::warn!(%fault, left_out, "cannot answer now");
                }
                Self { status: StatusCode::SERVICE_UNAVAILABLE, retry_after: Some(1), ..Word::Unavailable.into() }
            }
            Fault::Internal(why) => {
                tracing::error!(why, "internal fault");
                Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Word::Internal.into() }
            }
        }
    }
}
