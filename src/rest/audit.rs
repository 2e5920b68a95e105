//! The security audit log (system.md §8).

use std::str::FromStr;

use actix_web::http::StatusCode;

use crate::actions::audit::{AuditFault, Wanted};
use crate::state::audit::Entry;

use super::call::{Answer, Call, general};
use super::entities::{AuditEntry, AuditLog};
use super::error::{ApiError, Result};
use super::listing;
use super::path::Query;

/// How many entries a client gets that does not say how many it wants.
const DEFAULT_LIMIT: i32 = 100;

/// `GET /logs/security`
pub async fn list(call: Call) -> Result<Answer> {
    let wanted = wanted(&call.query, call.hearth.config().limits.audit_entries)?;
    let state = call.state().await?;
    let read = call.hearth.audit_entries(&state, wanted).await.map_err(general)?;
    let entries = read.map_err(|fault| refused(&fault, &call.path))?;
    Ok(listing::items::<AuditLog>(call.accept, entries.into_iter().map(entity)))
}

fn wanted(query: &Query, most: usize) -> Result<Wanted> {
    let (from, to): (i64, i64) = (number(query, "startTime", 0)?, number(query, "endTime", 0)?);
    let (offset, limit): (i32, i32) = (number(query, "offset", 0)?, number(query, "limit", DEFAULT_LIMIT)?);
    let bound = |seconds: i64| (seconds != 0).then(|| seconds.saturating_mul(1000));
    Ok(Wanted {
        username: query.get("username").map(str::to_owned),
        from: bound(from),
        to: bound(to),
        offset: usize::try_from(offset).unwrap_or(0),
        limit: usize::try_from(limit).unwrap_or(0).min(most),
    })
}

/// A query parameter that is a whole number; an empty one is as good as none.
fn number<T: FromStr>(query: &Query, name: &'static str, default: T) -> Result<T> {
    match query.get(name) {
        None | Some("") => Ok(default),
        Some(text) => text.parse().map_err(|_| ApiError::illegal(format!("The query parameter {name} must be a whole number"), text)),
    }
}

fn refused(fault: &AuditFault, path: &str) -> ApiError {
    match fault {
        AuditFault::TooMuch => ApiError::illegal(fault.to_string(), path),
        AuditFault::Damaged(_) => {
            tracing::error!(%fault, "the audit log cannot be read");
            ApiError::plain(StatusCode::INTERNAL_SERVER_ERROR, path)
        }
    }
}

fn entity(entry: Entry) -> AuditEntry {
    let Entry { id, at, draft, .. } = entry;
    AuditEntry {
        details: draft.details,
        log_id: i64::try_from(id).unwrap_or(i64::MAX),
        node: Some(draft.node),
        summary: Some(draft.summary),
        timestamp: at.seconds(),
        username: Some(draft.username),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_and_fit() {
        let read = |query: &str| wanted(&Query::parse(query).unwrap(), 10_000);
        let plain = Wanted { username: None, from: None, to: None, offset: 0, limit: 100 };
        assert_eq!(read("").unwrap(), plain);
        assert_eq!(read("offset=&limit=&startTime=&endTime=").unwrap(), plain);
        let all = read("username=&offset=%2B5&limit=7&startTime=10&endTime=-1").unwrap();
        assert_eq!(all, Wanted { username: Some(String::new()), from: Some(10_000), to: Some(-1000), offset: 5, limit: 7 });
        assert_eq!(read("offset=-3&limit=-1").unwrap(), Wanted { limit: 0, ..plain.clone() });
        assert_eq!(read("limit=2147483647&startTime=9223372036854775807").unwrap(), Wanted { limit: 10_000, from: Some(i64::MAX), ..plain });
        for bad in ["x", "1.5", "0x10", "%205", "5%20", "1e3", "2147483648", "--1"] {
            let error = read(&format!("limit={bad}")).unwrap_err();
            assert_eq!((error.status, error.exception), (StatusCode::BAD_REQUEST, "IllegalArgumentException"), "{bad}");
        }
        assert!(read("startTime=9223372036854775808").is_err());
    }
}
