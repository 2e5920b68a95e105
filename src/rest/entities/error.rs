//! The one error every refusal carries (users.md §1.9, system.md §3.1).

use super::describe::entity;

entity! {
    /// Why a request was refused.
    pub struct ErrorBody("error") {
        /// The kind of error, a name clients compare.
        exception: Option<String> => element("exception"),
        /// What went wrong, in words clients may compare too.
        message: Option<String> => element("message"),
        /// What it went wrong with; may be absent, may be empty.
        resource: Option<String> => element("resource"),
    }
    json { resource, message, exception }
}

impl ErrorBody {
    /// An error about `resource`.
    pub fn new(exception: impl Into<String>, message: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { exception: Some(exception.into()), message: Some(message.into()), resource: Some(resource.into()) }
    }
}
