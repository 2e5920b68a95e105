//! The whole API on one page: every path, its methods, what each takes and gives, and who handles it.
//!
//! The door routes by this table and the OpenAPI document is written from it, so neither can know anything the other does not.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;
use utoipa::openapi::RefOr;

use super::call::{Answer, Call};
use super::entities::{self, Entity};
use super::error::Result;
use super::{
    affiliations, archive, audit, cluster, groups, invitations, lockouts, messages, nodes, occupants, openapi, probes, properties, rooms, rosters,
    services, sessions, users, vcards,
};

/// Handles a request.
pub type Handler = fn(Call) -> LocalBoxFuture<'static, Result<Answer>>;

/// A path with its endpoints.
#[derive(Debug)]
pub struct Route {
    /// The path below the base; `{name}` stands for one segment.
    pub path: &'static str,
    /// One endpoint per method.
    pub endpoints: &'static [Endpoint],
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Administrators and holders of the shared secret.
    Admin,
    /// Everybody, even while the API is disabled (system.md §2.5).
    Public,
    /// Everybody, even while the API is disabled, unless the operator says otherwise.
    Document,
}

/// The shape of an entity, for the OpenAPI document.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub shape: fn() -> RefOr<utoipa::openapi::Schema>,
}

impl Schema {
    const fn of<E: Entity>() -> Self {
        Self { name: E::NAME, shape: E::schema }
    }
}

/// What an endpoint reads.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Nothing: a body is ignored, whatever its type.
    Nothing,
    /// An entity.
    Entity(Schema),
    /// One or many entities: the larger body limit applies.
    Bulk(Schema),
    /// A vCard (XEP-0054), in XML only.
    Vcard,
}

/// What an endpoint answers with.
#[derive(Clone, Copy, Debug)]
pub enum Gives {
    /// Nothing but a status.
    Nothing,
    /// An entity in XML or JSON.
    Entity(Schema),
    /// A vCard (XEP-0054), in XML only.
    Vcard,
    /// Its own types, without negotiation.
    Own,
}

/// A query parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Its JSON type: `string`, `integer` or `boolean`.
    pub kind: &'static str,
}

/// One method of a path.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// Who handles it.
    pub handler: Handler,
    /// Who may call it.
    pub access: Access,
    /// What it reads.
    pub takes: Takes,
    /// What it answers with.
    pub gives: Gives,
    /// The OpenAPI tag it is listed under.
    pub tag: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Query parameters.
    pub query: &'static [Parameter],
    /// Status of success.
    pub success: u16,
    /// Statuses of refusal, beyond those that every endpoint knows.
    pub refusals: &'static [u16],
}

const fn endpoint(method: Method, tag: &'static str, summary: &'static str, handler: Handler) -> Endpoint {
    Endpoint {
        method,
        handler,
        access: Access::Admin,
        takes: Takes::Nothing,
        gives: Gives::Nothing,
        tag,
        summary,
        query: &[],
        success: 200,
        refusals: &[],
    }
}

const fn get(tag: &'static str, summary: &'static str, handler: Handler) -> Endpoint {
    endpoint(Method::GET, tag, summary, handler)
}

const fn post(tag: &'static str, summary: &'static str, handler: Handler) -> Endpoint {
    endpoint(Method::POST, tag, summary, handler).success(201)
}

const fn put(tag: &'static str, summary: &'static str, handler: Handler) -> Endpoint {
    endpoint(Method::PUT, tag, summary, handler)
}

const fn probe(summary: &'static str, handler: Handler) -> Endpoint {
    get(SYSTEM, summary, handler).access(Access::Public).refusals(&[503])
}

const fn delete(tag: &'static str, summary: &'static str, handler: Handler) -> Endpoint {
    endpoint(Method::DELETE, tag, summary, handler)
}

// `self` is taken apart and put together again since a const fn may not drop the old value.
macro_rules! with {
    ($self:ident, $($field:ident: $value:expr),*) => {{
        let mut endpoint = $self;
        $(endpoint.$field = $value;)*
        endpoint
    }};
}

impl Endpoint {
    const fn access(self, access: Access) -> Self {
        with!(self, access: access)
    }

    const fn takes(self, takes: Takes) -> Self {
        with!(self, takes: takes)
    }

    const fn gives(self, gives: Gives) -> Self {
        with!(self, gives: gives)
    }

    const fn query(self, query: &'static [Parameter]) -> Self {
        with!(self, query: query)
    }

    const fn success(self, success: u16) -> Self {
        with!(self, success: success)
    }

    const fn refusals(self, refusals: &'static [u16]) -> Self {
        with!(self, refusals: refusals)
    }
}

const fn flag(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, kind: "boolean" }
}

const fn string(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, kind: "string" }
}

const fn integer(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, kind: "integer" }
}

/// The handler of an endpoint, from the function that is it.
macro_rules! h {
    ($handler:path) => {
        |call| Box::pin($handler(call))
    };
}

const USERS: &str = "Users";
const SYSTEM: &str = "System";
const STATISTICS: &str = "Statistics";
const SESSIONS: &str = "Client Sessions";
const MESSAGE: &str = "Message";
const AUDIT: &str = "Security Audit Log";
const CLUSTERING: &str = "Clustering";
const GROUPS: &str = "User Group";
const SERVICES: &str = "Chat service";
const ROOMS: &str = "Chat room";
const ARCHIVE: &str = "Message Archive";

const SERVICE: Parameter = string("servicename", "The chat service; `conference` unless given");
const EXPAND: Parameter = flag("expandGroups", "Whether the people in groups are listed among the users");
const SEND: Parameter = flag("sendInvitations", "Whether those with a new affiliation are invited");

/// Every route of the API.
pub static ROUTES: &[Route] = &[
    Route {
        path: "/users",
        endpoints: &[
            get(USERS, "List users", h!(users::list)).gives(Gives::Entity(Schema::of::<entities::Users>())).query(&[
                string("search", "Only users whose name contains this"),
                string("propertyKey", "Only users with a property of this key"),
                string("propertyValue", "… and this value"),
            ]),
            post(USERS, "Create one user or many", h!(users::create)).takes(Takes::Bulk(Schema::of::<entities::User>())).refusals(&[409]),
        ],
    },
    Route {
        path: "/users/{username}",
        endpoints: &[
            get(USERS, "Read a user", h!(users::get)).gives(Gives::Entity(Schema::of::<entities::User>())).refusals(&[404]),
            put(USERS, "Change or rename a user", h!(users::update)).takes(Takes::Entity(Schema::of::<entities::User>())).refusals(&[404, 409]),
            delete(USERS, "Delete a user", h!(users::delete)).refusals(&[404]),
        ],
    },
    Route {
        path: "/users/{username}/groups",
        endpoints: &[
            get(USERS, "List the groups of a user", h!(groups::of_user)).gives(Gives::Entity(Schema::of::<entities::UserGroups>())).refusals(&[404]),
            post(USERS, "Add a user to groups", h!(groups::join_many)).takes(Takes::Entity(Schema::of::<entities::UserGroups>())).refusals(&[409]),
            delete(USERS, "Take a user out of groups", h!(groups::leave_many))
                .takes(Takes::Entity(Schema::of::<entities::UserGroups>()))
                .refusals(&[404]),
        ],
    },
    Route {
        path: "/users/{username}/groups/{groupName}",
        endpoints: &[
            post(USERS, "Add a user to a group", h!(groups::join_one)).refusals(&[409]),
            delete(USERS, "Take a user out of a group", h!(groups::leave_one)).refusals(&[404]),
        ],
    },
    Route {
        path: "/users/{username}/roster",
        endpoints: &[
            get(USERS, "List the contacts of a user", h!(rosters::get)).gives(Gives::Entity(Schema::of::<entities::Roster>())).refusals(&[404]),
            post(USERS, "Add a contact", h!(rosters::create)).takes(Takes::Entity(Schema::of::<entities::RosterItem>())).refusals(&[404, 409]),
        ],
    },
    Route {
        path: "/users/{username}/roster/{rosterJid}",
        endpoints: &[
            put(USERS, "Change a contact", h!(rosters::update)).takes(Takes::Entity(Schema::of::<entities::RosterItem>())).refusals(&[404, 409]),
            delete(USERS, "Remove a contact", h!(rosters::delete)).refusals(&[404]),
        ],
    },
    Route {
        path: "/users/{username}/vcard",
        endpoints: &[
            get(USERS, "Read the vCard of a user", h!(vcards::get)).gives(Gives::Vcard),
            put(USERS, "Set the vCard of a user", h!(vcards::put)).takes(Takes::Vcard).refusals(&[404]),
            delete(USERS, "Remove the vCard of a user", h!(vcards::delete)),
        ],
    },
    Route {
        path: "/groups",
        endpoints: &[
            get(GROUPS, "List groups", h!(groups::list)).gives(Gives::Entity(Schema::of::<entities::Groups>())),
            post(GROUPS, "Create a group", h!(groups::create)).takes(Takes::Entity(Schema::of::<entities::Group>())).refusals(&[409]),
        ],
    },
    Route {
        path: "/groups/{groupName}",
        endpoints: &[
            get(GROUPS, "Read a group", h!(groups::get)).gives(Gives::Entity(Schema::of::<entities::Group>())).refusals(&[404]),
            put(GROUPS, "Change a group", h!(groups::update)).takes(Takes::Entity(Schema::of::<entities::Group>())).refusals(&[404, 409]),
            delete(GROUPS, "Delete a group", h!(groups::delete)).refusals(&[404]),
        ],
    },
    Route {
        path: "/chatservices",
        endpoints: &[
            get(SERVICES, "List chat services", h!(services::list)).gives(Gives::Entity(Schema::of::<entities::ChatServices>())),
            post(SERVICES, "Create a chat service", h!(services::create))
                .takes(Takes::Entity(Schema::of::<entities::ChatService>()))
                .refusals(&[409]),
        ],
    },
    Route {
        path: "/chatrooms",
        endpoints: &[
            get(ROOMS, "List the rooms of a service", h!(rooms::list))
                .gives(Gives::Entity(Schema::of::<entities::ChatRooms>()))
                .query(&[
                    SERVICE,
                    string("type", "`public` for listed rooms, which is the default, or `all`"),
                    string("search", "Only rooms whose name or natural name contains this"),
                    EXPAND,
                ])
                .refusals(&[404]),
            post(ROOMS, "Create or replace a room", h!(rooms::create))
                .takes(Takes::Entity(Schema::of::<entities::ChatRoom>()))
                .query(&[SERVICE, SEND])
                .refusals(&[403, 409]),
        ],
    },
    Route {
        path: "/chatrooms/bulk",
        endpoints: &[
            get(ROOMS, "Read the room named bulk", h!(rooms::get_bulk))
                .gives(Gives::Entity(Schema::of::<entities::ChatRoom>()))
                .query(&[SERVICE, EXPAND])
                .refusals(&[404]),
            put(ROOMS, "Create or replace the room named bulk", h!(rooms::update_bulk))
                .takes(Takes::Entity(Schema::of::<entities::ChatRoom>()))
                .query(&[SERVICE, SEND])
                .refusals(&[403, 409]),
            post(ROOMS, "Create or replace many rooms", h!(rooms::create_many))
                .success(200)
                .takes(Takes::Bulk(Schema::of::<entities::ChatRooms>()))
                .gives(Gives::Entity(Schema::of::<entities::RoomResults>()))
                .query(&[SERVICE, SEND]),
            delete(ROOMS, "Destroy the room named bulk", h!(rooms::delete_bulk)).query(&[SERVICE]).refusals(&[404]),
        ],
    },
    Route {
        path: "/chatrooms/{roomName}",
        endpoints: &[
            get(ROOMS, "Read a room", h!(rooms::get))
                .gives(Gives::Entity(Schema::of::<entities::ChatRoom>()))
                .query(&[SERVICE, EXPAND])
                .refusals(&[404]),
            put(ROOMS, "Create or replace a room", h!(rooms::update))
                .takes(Takes::Entity(Schema::of::<entities::ChatRoom>()))
                .query(&[SERVICE, SEND])
                .refusals(&[403, 409]),
            delete(ROOMS, "Destroy a room", h!(rooms::delete)).query(&[SERVICE]).refusals(&[404]),
        ],
    },
    Route {
        path: "/chatrooms/{roomName}/participants",
        endpoints: &[get(ROOMS, "List the occupants whose role is participant", h!(occupants::participants))
            .gives(Gives::Entity(Schema::of::<entities::Participants>()))
            .query(&[SERVICE])
            .refusals(&[404])],
    },
    Route {
        path: "/chatrooms/{roomName}/occupants",
        endpoints: &[get(ROOMS, "List the occupants", h!(occupants::occupants))
            .gives(Gives::Entity(Schema::of::<entities::Occupants>()))
            .query(&[SERVICE])
            .refusals(&[404])],
    },
    Route {
        path: "/chatrooms/{roomName}/chathistory",
        endpoints: &[get(ROOMS, "Read what was said lately", h!(occupants::history))
            .gives(Gives::Entity(Schema::of::<entities::RoomMessages>()))
            .query(&[SERVICE])
            .refusals(&[404])],
    },
    Route {
        path: "/chatrooms/{roomName}/invite",
        endpoints: &[post(ROOMS, "Invite many", h!(invitations::many))
            .success(200)
            .takes(Takes::Entity(Schema::of::<entities::Invitations>()))
            .query(&[SERVICE])
            .refusals(&[404])],
    },
    Route {
        path: "/chatrooms/{roomName}/invite/{jid}",
        endpoints: &[post(ROOMS, "Invite a user or a group", h!(invitations::one))
            .success(200)
            .takes(Takes::Entity(Schema::of::<entities::Invitation>()))
            .query(&[SERVICE])
            .refusals(&[404])],
    },
    Route {
        path: "/chatrooms/{roomName}/{affiliation}",
        endpoints: &[
            get(ROOMS, "List those with an affiliation", h!(affiliations::list))
                .gives(Gives::Entity(Schema::of::<entities::Members>()))
                .query(&[SERVICE])
                .refusals(&[404]),
            put(ROOMS, "Replace those with an affiliation", h!(affiliations::replace))
                .success(201)
                .takes(Takes::Entity(Schema::of::<entities::Members>()))
                .query(&[SERVICE, SEND])
                .refusals(&[404, 409]),
            post(ROOMS, "Give an affiliation to many", h!(affiliations::add))
                .takes(Takes::Entity(Schema::of::<entities::Members>()))
                .query(&[SERVICE, SEND])
                .refusals(&[404, 409]),
        ],
    },
    Route {
        path: "/chatrooms/{roomName}/{affiliation}/{jid}",
        endpoints: &[
            post(ROOMS, "Give an affiliation to a user or a group", h!(affiliations::add_one)).query(&[SERVICE, SEND]).refusals(&[404, 409]),
            delete(ROOMS, "Take an affiliation from a user or a group", h!(affiliations::remove_one)).query(&[SERVICE]).refusals(&[404, 409]),
        ],
    },
    Route {
        path: "/chatrooms/{roomName}/{affiliation}/group/{groupname}",
        endpoints: &[
            post(ROOMS, "Give an affiliation to a group", h!(affiliations::add_group)).query(&[SERVICE, SEND]).refusals(&[404, 409]),
            delete(ROOMS, "Take an affiliation from a group", h!(affiliations::remove_group)).query(&[SERVICE]).refusals(&[404, 409]),
        ],
    },
    Route {
        path: "/archive/messages/unread/{jid}",
        endpoints: &[get(ARCHIVE, "Count the messages that wait for a user", h!(archive::unread))
            .gives(Gives::Entity(Schema::of::<entities::UnreadMessages>()))],
    },
    Route {
        path: "/lockouts/{username}",
        endpoints: &[
            post(USERS, "Lock a user out", h!(lockouts::lock)).refusals(&[404]),
            delete(USERS, "Lift a lockout", h!(lockouts::unlock)).refusals(&[404]),
        ],
    },
    Route {
        path: "/system/properties",
        endpoints: &[
            get(SYSTEM, "List system properties", h!(properties::list)).gives(Gives::Entity(Schema::of::<entities::Properties>())),
            post(SYSTEM, "Create or overwrite a system property", h!(properties::create))
                .takes(Takes::Entity(Schema::of::<entities::Property>()))
                .refusals(&[409]),
        ],
    },
    Route {
        path: "/system/properties/{propertyKey}",
        endpoints: &[
            get(SYSTEM, "Read a system property", h!(properties::get)).gives(Gives::Entity(Schema::of::<entities::Property>())).refusals(&[404]),
            put(SYSTEM, "Overwrite a system property", h!(properties::update))
                .takes(Takes::Entity(Schema::of::<entities::Property>()))
                .refusals(&[404, 409]),
            delete(SYSTEM, "Delete a system property and everything below it", h!(properties::delete)).refusals(&[404]),
        ],
    },
    Route {
        path: "/system/statistics/sessions",
        endpoints: &[get(STATISTICS, "Count client sessions", h!(sessions::count)).gives(Gives::Entity(Schema::of::<entities::SessionsCount>()))],
    },
    Route { path: "/system/liveness", endpoints: &[probe("Whether the node lives", h!(probes::liveness))] },
    Route { path: "/system/liveness/deadlock", endpoints: &[probe("Whether every part of the node goes on", h!(probes::deadlock))] },
    Route { path: "/system/liveness/properties", endpoints: &[probe("Whether no changed property waits for a restart", h!(probes::restart))] },
    Route { path: "/system/readiness", endpoints: &[probe("Whether the node is ready", h!(probes::readiness))] },
    Route { path: "/system/readiness/server", endpoints: &[probe("Whether the server has started", h!(probes::server))] },
    Route { path: "/system/readiness/cluster", endpoints: &[probe("Whether the node can answer for its cluster", h!(probes::cluster))] },
    Route { path: "/system/readiness/plugins", endpoints: &[probe("Whether every addition has started", h!(probes::plugins))] },
    Route {
        path: "/system/readiness/connections",
        endpoints: &[probe("Whether every enabled listener accepts connections", h!(probes::connections)).query(&[
            string("connectionType", "Only listeners of this kind: SOCKET_S2S, SOCKET_C2S, BOSH_C2S, WEBADMIN, COMPONENT or CONNECTION_MANAGER"),
            string("encrypted", "Only listeners with direct TLS (true) or without"),
        ])],
    },
    Route {
        path: "/sessions",
        endpoints: &[get(SESSIONS, "List client sessions", h!(sessions::list)).gives(Gives::Entity(Schema::of::<entities::Sessions>()))],
    },
    Route {
        path: "/sessions/{username}",
        endpoints: &[
            get(SESSIONS, "List the available sessions of a user", h!(sessions::of_user)).gives(Gives::Entity(Schema::of::<entities::Sessions>())),
            delete(SESSIONS, "End all sessions of a user", h!(sessions::kick)),
        ],
    },
    Route {
        path: "/messages/users",
        endpoints: &[post(MESSAGE, "Send a message to everybody who is connected", h!(messages::broadcast))
            .takes(Takes::Entity(Schema::of::<entities::Message>()))],
    },
    Route {
        path: "/logs/security",
        endpoints: &[get(AUDIT, "Read the security audit log, newest first", h!(audit::list))
            .gives(Gives::Entity(Schema::of::<entities::AuditLog>()))
            .query(&[
                string("username", "Only what this user did"),
                integer("offset", "How many entries to skip"),
                integer("limit", "How many entries to give at most; 100 without it"),
                integer("startTime", "Only at or after this time, in seconds since the epoch"),
                integer("endTime", "Only at or before this time, in seconds since the epoch"),
            ])],
    },
    Route {
        path: "/clustering/nodes",
        endpoints: &[get(CLUSTERING, "List the nodes of the cluster", h!(nodes::list)).gives(Gives::Entity(Schema::of::<entities::ClusterNodes>()))],
    },
    Route {
        path: "/clustering/nodes/{nodeId}",
        endpoints: &[get(CLUSTERING, "Read a node of the cluster", h!(nodes::get))
            .gives(Gives::Entity(Schema::of::<entities::ClusterNode>()))
            .refusals(&[404])],
    },
    Route {
        path: "/clustering/status",
        endpoints: &[
            get(CLUSTERING, "What this node is in the cluster", h!(nodes::status)).gives(Gives::Entity(Schema::of::<entities::Clustering>()))
        ],
    },
    Route { path: "/openapi.yaml", endpoints: &[get(SYSTEM, "This document", h!(openapi::yaml)).gives(Gives::Own).access(Access::Document)] },
    Route { path: "/openapi.json", endpoints: &[get(SYSTEM, "This document", h!(openapi::json)).gives(Gives::Own)] },
];

/// Hearth's own paths, below a base of their own and not in the OpenAPI document, which is Openfire's.
pub static OWN_ROUTES: &[Route] = &[
    Route { path: "/cluster", endpoints: &[get(CLUSTERING, "The cluster as its members see themselves", h!(cluster::overview)).gives(Gives::Own)] },
    Route { path: "/cluster/nodes", endpoints: &[get(CLUSTERING, "The members of the cluster", h!(cluster::nodes)).gives(Gives::Own)] },
    Route {
        path: "/cluster/transfer",
        endpoints: &[endpoint(Method::POST, CLUSTERING, "Hand leadership over", h!(cluster::transfer)).gives(Gives::Own)],
    },
    Route { path: "/cluster/drain", endpoints: &[endpoint(Method::POST, CLUSTERING, "Make ready to stop this node", h!(cluster::drain))] },
    Route { path: "/cluster/nodes/{id}", endpoints: &[delete(CLUSTERING, "Take a node out of the cluster for good", h!(cluster::remove))] },
];

type Candidates = Vec<(&'static Route, Vec<&'static str>)>;

/// Routes by number of segments; within it in the order of the table.
type Index = HashMap<usize, Candidates>;

static BY_LENGTH: LazyLock<Index> = LazyLock::new(|| by_length(ROUTES));
static OWN_BY_LENGTH: LazyLock<Index> = LazyLock::new(|| by_length(OWN_ROUTES));

fn by_length(routes: &'static [Route]) -> Index {
    let mut index = Index::new();
    for route in routes {
        let pattern: Vec<&str> = route.path.split('/').skip(1).collect();
        index.entry(pattern.len()).or_default().push((route, pattern));
    }
    index
}

/// Which table a path is looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Openfire's.
    Openfire,
    /// Hearth's own.
    Own,
}

/// Whether a segment of a path fits its place in a pattern.
fn fits(want: &str, have: &str) -> bool {
    match want {
        // A closed set: other names are no paths at all (rooms.md §1.1).
        "{affiliation}" => entities::AffiliationList::from_segment(have).is_some(),
        want if want.starts_with('{') => !have.is_empty(),
        want => want == have,
    }
}

/// The route below `base` that decoded `segments` match, with its path parameters. Earlier routes win.
pub fn find(base: Base, segments: &[String]) -> Option<(&'static Route, Vec<String>)> {
    let index: &Index = if base == Base::Own { &OWN_BY_LENGTH } else { &BY_LENGTH };
    let matches = |pattern: &[&str]| pattern.iter().zip(segments).all(|(want, have)| fits(want, have));
    let (route, pattern) = index.get(&segments.len())?.iter().find(|(_, pattern)| matches(pattern))?;
    let params = pattern.iter().zip(segments).filter(|(want, _)| want.starts_with('{')).map(|(_, have)| have.clone()).collect();
    Some((route, params))
}

impl Route {
    /// The endpoint of a method; `HEAD` is `GET` without a body.
    pub fn endpoint(&self, method: &Method) -> Option<&'static Endpoint> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.endpoints.iter().find(|endpoint| endpoint.method == *method)
    }

    /// The value of an `Allow` header.
    pub fn allow(&self) -> String {
        let mut methods: Vec<&str> = self.endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.join(",")
    }
}
