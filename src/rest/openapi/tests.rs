#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::rest::routes::ROUTES;

fn value(kinds: Kinds) -> Value {
    serde_json::from_slice(&write(kinds).unwrap().json).unwrap()
}

fn operations(value: &Value) -> Vec<(&String, &String, &Value)> {
    let paths = value["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation))).collect()
}

#[test]
fn every_route_but_its_own_is_described() {
    let value = value(Kinds::Both);
    let described: BTreeSet<(String, String)> = operations(&value).into_iter().map(|(path, method, _)| (path.clone(), method.clone())).collect();
    let served = ROUTES
        .iter()
        .filter(|route| !route.path.starts_with("/openapi"))
        .flat_map(|route| route.endpoints.iter().map(|endpoint| (format!("/restapi/v1{}", route.path), endpoint.method.as_str().to_lowercase())));
    assert_eq!(described, served.collect());
    assert_eq!((&value["info"]["title"], &value["servers"][0]["url"]), (&"Openfire REST API".into(), &"/plugins".into()));
}

#[test]
fn operations_are_told_apart_and_refer_to_what_is_there() {
    let value = value(Kinds::Both);
    let ids: BTreeSet<&str> = operations(&value).iter().filter_map(|(_, _, operation)| operation["operationId"].as_str()).collect();
    assert_eq!(ids.len(), operations(&value).len());
    let text = value.to_string();
    let schemas = value["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

#[test]
fn security_is_what_the_door_asks_for() {
    let both = value(Kinds::Both);
    let asked = |value: &Value, path: &str| value["paths"][format!("/restapi/v1{path}")]["get"]["security"].as_array().unwrap().len();
    assert_eq!((asked(&both, "/users"), asked(&both, "/system/liveness")), (2, 0));
    let schemes = |kinds| value(kinds)["components"]["securitySchemes"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(schemes(Kinds::Basic), ["Admin Console account"]);
    assert_eq!(schemes(Kinds::Secret), ["Secret key auth"]);
    assert_eq!(schemes(Kinds::Both).len(), 2);
}

#[test]
fn errors_are_described_with_their_body() {
    let value = value(Kinds::Both);
    for (path, method, operation) in operations(&value) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let error = response["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/ErrorBody";
            assert_eq!(error, !status.starts_with('2'), "{method} {path} {status}");
        }
    }
    let put = &value["paths"]["/restapi/v1/system/properties/{propertyKey}"]["put"]["responses"];
    let statuses: Vec<_> = put.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(statuses, ["200", "400", "401", "403", "404", "408", "409", "413", "415", "422", "429", "500", "503"]);
}

#[test]
fn the_page_is_all_there_and_asks_nobody_else() {
    for path in ["", "/", "/index.html", "/swagger-ui.css", "/swagger-ui-bundle.js", "/swagger-initializer.js"] {
        assert!(docs(path).is_some_and(|page| !page.bytes.is_empty()), "{path}");
    }
    assert!(docs("/").unwrap().content_type.starts_with("text/html"));
    let start = docs("/swagger-initializer.js").unwrap();
    let start = String::from_utf8_lossy(&start.bytes).into_owned();
    assert!(start.contains("\"/plugins/restapi/v1/openapi.yaml\"") && start.contains("\"validatorUrl\": \"none\""), "{start}");
    assert!(docs("/../Cargo.toml").is_none() && docs("/nothing").is_none());
}

#[test]
fn what_gives_nothing_is_described_without_a_body() {
    let value = value(Kinds::Both);
    for (path, method, operation) in operations(&value) {
        let empty = &operation["responses"]["204"];
        assert!(empty["content"].is_null(), "{method} {path}: {empty}");
    }
    assert!(!value["paths"]["/restapi/v1/users/{username}/vcard"]["get"]["responses"]["204"].is_null());
}
