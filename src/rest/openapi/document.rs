//! Writing the document: one operation per endpoint, with every status it can answer.

use std::collections::BTreeSet;

use actix_web::http::{Method, StatusCode};
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths, PathsBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ComponentsBuilder, Content, HttpMethod, Info, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
    Schema as Shape, Server, Tag,
};

use super::super::auth::Kinds;
use super::super::entities::{self, Entity, ErrorBody};
use super::super::routes::{Access, Endpoint, Gives, ROUTES, Route, Schema, Takes};

const BASIC: &str = "Admin Console account";
const SECRET: &str = "Secret key auth";

/// What the segment `{affiliation}` can be; its other spellings are for old clients.
const AFFILIATIONS: [&str; 4] = ["owners", "admins", "members", "outcasts"];

/// The document, for callers with `kinds` of credentials.
pub fn document(kinds: Kinds) -> OpenApi {
    OpenApiBuilder::new()
        .info(Info::new("Openfire REST API", env!("CARGO_PKG_VERSION")))
        .servers(Some([Server::new("/plugins")]))
        .tags(Some(tags().into_iter().map(Tag::new)))
        .paths(paths(kinds))
        .components(Some(components(kinds)))
        .build()
}

/// The document does not speak of itself.
fn described() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| !route.path.starts_with("/openapi."))
}

fn tags() -> BTreeSet<&'static str> {
    described().flat_map(|route| route.endpoints).map(|endpoint| endpoint.tag).collect()
}

fn components(kinds: Kinds) -> Components {
    let schemas = entities::schemas();
    let mut components = schemas.into_iter().fold(ComponentsBuilder::new(), |all, (name, schema)| all.schema(name, schema));
    if kinds != Kinds::Secret {
        components = components.security_scheme(BASIC, SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)));
    }
    if kinds != Kinds::Basic {
        components = components.security_scheme(SECRET, SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("Authorization"))));
    }
    components.build()
}

fn paths(kinds: Kinds) -> Paths {
    let mut paths = PathsBuilder::new();
    for route in described() {
        let mut item = PathItem::default();
        for endpoint in route.endpoints {
            let operation = operation(route, endpoint, kinds);
            item.merge_operations(PathItem::new(method(&endpoint.method), operation));
        }
        paths = paths.path(format!("/restapi/v1{}", route.path), item);
    }
    paths.build()
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route, endpoint: &Endpoint, kinds: Kinds) -> Operation {
    let mut operation = OperationBuilder::new()
        .tag(endpoint.tag)
        .summary(Some(endpoint.summary))
        .operation_id(Some(id(route, endpoint)))
        .request_body(body(endpoint.takes))
        .response(endpoint.success.to_string(), success(endpoint))
        .securities(Some(security(endpoint.access, kinds)));
    for parameter in path_parameters(route).chain(query_parameters(endpoint)) {
        operation = operation.parameter(parameter);
    }
    if matches!(endpoint.gives, Gives::Vcard) {
        operation = operation.response("204", ResponseBuilder::new().description("There is none"));
    }
    for status in refusals(endpoint) {
        operation = operation.response(status.as_str(), refusal(status));
    }
    operation.build()
}

/// `getUsersUsername` for `GET /users/{username}`.
fn id(route: &Route, endpoint: &Endpoint) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut id = endpoint.method.as_str().to_lowercase();
    for word in words {
        let (first, rest) = word.split_at(1);
        id.push_str(&first.to_uppercase());
        id.push_str(rest);
    }
    id
}

fn names(route: &Route) -> impl Iterator<Item = &'static str> {
    route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameters(route: &Route) -> impl Iterator<Item = Parameter> {
    let schema = |name| {
        let text = ObjectBuilder::new().schema_type(Type::String);
        if name == "affiliation" { text.enum_values(Some(AFFILIATIONS)) } else { text.min_length(Some(1)) }
    };
    names(route).map(move |name| parameter(name, ParameterIn::Path, Required::True).schema(Some(schema(name))).build())
}

fn query_parameters(endpoint: &Endpoint) -> impl Iterator<Item = Parameter> {
    endpoint.query.iter().map(|query| {
        let kind = match query.kind {
            "integer" => Type::Integer,
            "boolean" => Type::Boolean,
            _ => Type::String,
        };
        let schema = ObjectBuilder::new().schema_type(kind);
        parameter(query.name, ParameterIn::Query, Required::False).description(Some(query.about)).schema(Some(schema)).build()
    })
}

fn parameter(name: &str, place: ParameterIn, required: Required) -> ParameterBuilder {
    ParameterBuilder::new().name(name).parameter_in(place).required(required)
}

fn security(access: Access, kinds: Kinds) -> Vec<SecurityRequirement> {
    let none = [""; 0];
    let (basic, secret) = (SecurityRequirement::new(BASIC, none), SecurityRequirement::new(SECRET, none));
    match (access, kinds) {
        (Access::Public | Access::Document, _) => Vec::new(),
        (Access::Admin, Kinds::Basic) => vec![basic],
        (Access::Admin, Kinds::Secret) => vec![secret],
        (Access::Admin, Kinds::Both | Kinds::None) => vec![basic, secret],
    }
}

fn body(takes: Takes) -> Option<RequestBody> {
    let body = || RequestBodyBuilder::new().required(Some(Required::True));
    match takes {
        Takes::Nothing => None,
        Takes::Entity(schema) | Takes::Bulk(schema) => {
            Some(body().content("application/xml", content(schema)).content("application/json", content(schema)).build())
        }
        Takes::Vcard => Some(body().content("application/xml", vcard()).build()),
    }
}

fn content(schema: Schema) -> Content {
    Content::new(Some(RefOr::<Shape>::from(Ref::from_schema_name(schema.name))))
}

fn vcard() -> Content {
    Content::new(Some(ObjectBuilder::new().description(Some("A vCard (XEP-0054)"))))
}

fn any() -> Content {
    Content::new(Some(ObjectBuilder::new()))
}

fn success(endpoint: &Endpoint) -> Response {
    let response = ResponseBuilder::new().description(reason(endpoint.success));
    match endpoint.gives {
        Gives::Nothing => response,
        Gives::Entity(schema) => response.content("application/xml", content(schema)).content("application/json", content(schema)),
        Gives::Vcard => response.content("application/xml", vcard()),
        Gives::Own => response.content("*/*", any()),
    }
    .build()
}

/// Every other status: those of the endpoint, and those that come from the door's checks (system.md §1.3).
fn refusals(endpoint: &Endpoint) -> BTreeSet<StatusCode> {
    // The target or a parameter cannot be read; a fault of the server; it cannot answer now.
    let mut all = vec![400, 500, 503];
    all.extend(endpoint.refusals);
    if endpoint.access == Access::Admin {
        all.extend([401, 403, 429]);
    }
    if endpoint.method != Method::GET {
        all.push(422); // an Idempotency-Key that was used before, for something else
    }
    if !matches!(endpoint.takes, Takes::Nothing) {
        all.extend([408, 413, 415]);
    }
    if matches!(endpoint.gives, Gives::Entity(_) | Gives::Vcard) {
        all.push(406);
    }
    all.into_iter().filter_map(|status| StatusCode::from_u16(status).ok()).collect()
}

fn refusal(status: StatusCode) -> Response {
    let error = || Content::new(Some(RefOr::<Shape>::from(Ref::from_schema_name(ErrorBody::NAME))));
    let response = ResponseBuilder::new().description(reason(status.as_u16()));
    if status.is_success() {
        return response.build(); // nothing to tell, such as 204
    }
    response.content("application/xml", error()).content("application/json", error()).build()
}

fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}
