//! What was asked, wherever it was written.

use actix_web::web::Query;

/// Parameters of a request. Holds secrets, so it has no `Debug`.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of the query, then those of a form.
    pub(super) fn read(query: &str, form: &[u8]) -> Self {
        let form = String::from_utf8_lossy(form);
        let pairs = |text: &str| Query::<Vec<(String, String)>>::from_query(text).map(Query::into_inner).unwrap_or_default();
        Self(pairs(query).into_iter().chain(pairs(&form)).collect())
    }

    /// The first value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// As [`get`](Self::get), as a text of its own.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The parts between the commas of a value; empty ones are none, and blanks belong to them.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let parts = |value: &str| value.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        self.get(name).map(parts)
    }
}
