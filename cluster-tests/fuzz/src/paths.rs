//! Request targets.

use hearth::rest::path::{Query, segments};
use hearth::rest::routes::{Base, find};

/// The first line is a path, the rest a query.
pub fn any(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (path, query) = text.split_once('\n').unwrap_or((&text, ""));
    if let Ok(found) = segments(path) {
        assert_eq!(found.len(), count(path));
        for (route, params) in [Base::Openfire, Base::Own].into_iter().filter_map(|base| find(base, &found)) {
            assert_eq!(params.len(), route.path.matches('{').count());
            assert!(params.iter().all(|param| !param.is_empty()));
            assert!(route.allow().ends_with("OPTIONS"));
        }
    }
    if let Ok(found) = Query::parse(query) {
        for name in ["search", "servicename", "limit", "", "a"] {
            let _ = (found.get(name), found.flag(name));
        }
    }
}

/// How many segments a path has, one slash at each end not counted.
fn count(path: &str) -> usize {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path).split('/').count()
}
