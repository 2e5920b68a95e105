//! The documentation page: Swagger UI from within the program, so that it works without any other server.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use utoipa_swagger_ui::Config;

/// Where the page lives.
pub const DOCS: &str = "/plugins/restapi/docs";

/// A file of the page.
#[derive(Debug)]
pub struct Page {
    /// Its type.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Whether the bytes are compressed (`Content-Encoding: gzip`).
    pub gzipped: bool,
}

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // No validator: the page asks nobody but this server.
    Arc::new(Config::new([format!("{}/openapi.yaml", super::super::BASE)]).validator_url("none"))
});

/// The file at `path` below [`DOCS`]; `/` and `/index.html` are the page itself.
pub fn docs(path: &str) -> Option<Page> {
    let file = utoipa_swagger_ui::serve(path.trim_start_matches('/'), Arc::clone(&CONFIG)).ok()??;
    Some(Page { content_type: file.content_type, bytes: file.bytes, gzipped: file.gzpipped })
}
