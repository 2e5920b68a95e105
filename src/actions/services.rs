//! Chat services: create.

use crate::base::jid::Domain;
use crate::state::services::{Command as Chat, Service, domain_of, label};
use crate::state::{Command, State};

use super::{Caller, Fault, Hearth, Invalid, Saying};

/// Name of the service that is there from the start.
pub const DEFAULT: &str = "conference";
/// Longest description kept, in characters.
pub const DESCRIPTION_MAX: usize = 1_000;
/// Property: whether creating a room creates its service too if that is missing. Set unless it is `false` (rooms.md Q8).
pub const MAKE_MISSING: &str = "plugin.restapi.muc.create-missing-services.enabled";

/// What a new data directory starts with: the default service.
pub fn seed(server: &Domain) -> Option<Command> {
    let service = Service { name: DEFAULT.into(), description: None, hidden: false };
    Some(Command::Services(Chat::Seed { domain: domain_of(DEFAULT, server)?, service }))
}

/// Whether creating a room may create its service.
pub fn makes_missing(state: &State) -> bool {
    !state.properties.value(MAKE_MISSING).is_some_and(|value| value.eq_ignore_ascii_case("false"))
}

impl Hearth {
    /// Creates a chat service. A blank description is none.
    ///
    /// # Errors
    /// See rooms.md §5.2.
    pub async fn create_service(&self, caller: &Caller, name: Option<String>, description: Option<String>, hidden: bool) -> Result<(), Fault> {
        let name = name.ok_or(Invalid::Missing("serviceName"))?;
        let domain = domain_of(&name, self.domain()).ok_or_else(|| Invalid::ServiceName(name.clone()))?;
        let description = description.filter(|text| !text.trim().is_empty());
        if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_MAX) {
            return Err(Invalid::TooLong { what: "description", most: DESCRIPTION_MAX, of: name }.into());
        }
        let name = label(&name, self.domain()).to_owned();
        let details = format!("name = {name}\ndescription = {}", description.as_deref().unwrap_or_default());
        let saying = Saying::with(format!("created MUC service {name}"), details);
        let service = Service { name, description, hidden };
        self.act(caller, saying, Command::Services(Chat::Create { domain, service })).await.map(drop)
    }
}
