//! How many requests each endpoint answered, with which status, and how long that took.
//!
//! A meter is found by the route that was matched, so that no text of a client ever becomes a label.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::http::Method;

use crate::telemetry::metrics::{Counter, Histogram, Page};

use super::routes::{Base, OWN_ROUTES, ROUTES, Route};
use super::{BASE, OWN_BASE};

/// The statuses that are told apart.
const STATUSES: [u16; 20] = [200, 201, 204, 302, 304, 400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 429, 500, 502, 503];
/// What is told in place of another status or method.
const OTHER: &str = "other";

/// The meters of a table of routes, by path: one for each method that the path has, and a last one for the others.
type Table = HashMap<&'static str, Vec<Meter>>;

static ROUTED: LazyLock<Table> = LazyLock::new(|| of_table(BASE, ROUTES));
static OWN: LazyLock<Table> = LazyLock::new(|| of_table(OWN_BASE, OWN_ROUTES));
/// Paths where nothing lives.
pub static NOWHERE: LazyLock<Meter> = LazyLock::new(|| Meter::new("none".to_owned(), OTHER));
/// The documentation page.
pub static DOCS: LazyLock<Meter> = LazyLock::new(|| Meter::new(super::openapi::DOCS.to_owned(), "GET"));
/// The door beside this one.
pub static USER_SERVICE: LazyLock<Meter> = LazyLock::new(|| Meter::new("/plugins/userService/userservice".to_owned(), OTHER));

/// What is measured of one endpoint.
#[derive(Debug)]
pub struct Meter {
    endpoint: String,
    method: &'static str,
    time: Histogram,
    /// By status as in [`STATUSES`]; the last is for all others.
    answers: [Counter; STATUSES.len() + 1],
}

impl Meter {
    fn new(endpoint: String, method: &'static str) -> Self {
        Self { endpoint, method, time: Histogram::of_times(), answers: [const { Counter::new() }; STATUSES.len() + 1] }
    }

    /// Notes an answer to a request that came at `since`.
    pub fn note(&self, since: Instant, answer: &HttpResponse) {
        self.time.took(since.elapsed());
        let at = STATUSES.binary_search(&answer.status().as_u16()).unwrap_or(STATUSES.len());
        self.answers[at].add(1);
    }

    fn is_used(&self) -> bool {
        self.answers.iter().any(|count| count.get() > 0)
    }
}

fn of_table(base: &str, routes: &'static [Route]) -> Table {
    routes.iter().map(|route| (route.path, of_route(base, route))).collect()
}

fn of_route(base: &str, route: &Route) -> Vec<Meter> {
    let methods = route.endpoints.iter().map(|endpoint| endpoint.method.as_str());
    let known = ["GET", "POST", "PUT", "DELETE"].into_iter().filter(|known| methods.clone().any(|method| method == *known));
    known.chain([OTHER]).map(|method| Meter::new(format!("{base}{}", route.path), method)).collect()
}

/// The meter of a method of a route below `base`, or of none.
pub fn of(base: Base, route: Option<&Route>, method: &Method) -> &'static Meter {
    let table: &Table = if base == Base::Own { &OWN } else { &ROUTED };
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let meters = route.and_then(|route| table.get(route.path));
    meters.and_then(|meters| meters.iter().find(|meter| meter.method == method).or(meters.last())).unwrap_or(&NOWHERE)
}

/// Writes what was measured, in the order of the tables of routes.
pub fn write(page: &mut Page) {
    let routed = ROUTES.iter().filter_map(|route| ROUTED.get(route.path));
    let own = OWN_ROUTES.iter().filter_map(|route| OWN.get(route.path));
    let all: Vec<&Meter> = routed.chain(own).flatten().chain([&*NOWHERE, &*DOCS, &*USER_SERVICE]).filter(|meter| meter.is_used()).collect();
    for meter in &all {
        for (at, count) in meter.answers.iter().enumerate().filter(|(_, count)| count.get() > 0) {
            let status = STATUSES.get(at).map_or_else(|| OTHER.to_owned(), u16::to_string);
            let labels = [("endpoint", meter.endpoint.as_str()), ("method", meter.method), ("status", &status)];
            page.count("hearth_rest_requests_total", &labels, count.get());
        }
    }
    for meter in &all {
        page.histogram("hearth_rest_request_seconds", &[("endpoint", &meter.endpoint), ("method", meter.method)], &meter.time);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_is_of_the_template_and_a_method_that_it_has() {
        let (route, _) = super::super::routes::find(Base::Openfire, &["users".into(), "ann".into()]).unwrap();
        let found = |method| {
            let meter = of(Base::Openfire, Some(route), &method);
            (meter.endpoint.as_str(), meter.method)
        };
        let path = "/plugins/restapi/v1/users/{username}";
        assert_eq!(found(Method::PUT), (path, "PUT"));
        assert_eq!(found(Method::HEAD), (path, "GET"));
        assert_eq!((found(Method::POST), found(Method::OPTIONS)), ((path, OTHER), (path, OTHER)));
        assert_eq!(of(Base::Own, None, &Method::GET).endpoint, "none");
    }

    #[test]
    fn every_method_of_every_route_has_a_meter_of_its_own() {
        for (base, at, routes) in [(Base::Openfire, BASE, ROUTES), (Base::Own, OWN_BASE, OWN_ROUTES)] {
            for (route, endpoint) in routes.iter().flat_map(|route| route.endpoints.iter().map(move |endpoint| (route, endpoint))) {
                let meter = of(base, Some(route), &endpoint.method);
                assert_eq!((meter.endpoint.as_str(), meter.method), (format!("{at}{}", route.path).as_str(), endpoint.method.as_str()));
            }
        }
        assert!(STATUSES.is_sorted());
    }
}
