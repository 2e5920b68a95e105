//! Chat services (XEP-0045): the domains that hold rooms.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::base::jid::Domain;

use super::bytes::{self, BadBytes};
use super::{Answer, Context, Done, Effect, Facts, Noun, NounId, Question, Refusal};

/// How many chat services there can be.
pub const SERVICES_MAX: usize = 1_000;

/// A chat service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name as it was given: the labels before the server's domain.
    pub name: String,
    /// What it is for, if that was said.
    pub description: Option<String>,
    /// Whether clients do not find it by looking around.
    pub hidden: bool,
}

/// What can be done to chat services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Adds one.
    Create {
        /// The domain it answers on.
        domain: Domain,
        /// What it is.
        service: Service,
    },
    /// Adds one unless it is there already.
    Seed {
        /// The domain it answers on.
        domain: Domain,
        /// What it is.
        service: Service,
    },
}

impl Command {
    /// Services are decided alone.
    pub fn questions(&self) -> Vec<Question> {
        Vec::new()
    }
}

/// The name without the server's domain at its end, which clients sometimes add (rooms.md Q9).
pub fn label<'a>(name: &'a str, server: &Domain) -> &'a str {
    let cut = name.len().checked_sub(server.len() + 1).filter(|cut| *cut > 0 && name.is_char_boundary(*cut));
    match cut.map(|cut| name.split_at(cut)) {
        Some((label, rest)) if rest.strip_prefix('.').is_some_and(|rest| rest.eq_ignore_ascii_case(server)) => label,
        _ => name,
    }
}

/// The domain on which the service of this name answers; names that differ only in letter case have the same. `None` when it
/// is not a legal domain.
pub fn domain_of(name: &str, server: &Domain) -> Option<Domain> {
    let label = label(name, server);
    if label.is_empty() || label.starts_with('.') || label.ends_with('.') {
        return None;
    }
    Domain::parse(&format!("{label}.{server}")).ok()
}

/// All chat services.
#[derive(Clone, Debug, Default)]
pub struct Services {
    by_domain: OrdMap<Domain, Arc<Service>>,
}

impl Services {
    /// The service that answers on this domain.
    pub fn get(&self, domain: &str) -> Option<&Arc<Service>> {
        self.by_domain.get(domain)
    }

    /// All services, by domain.
    pub fn iter(&self) -> impl Iterator<Item = (&Domain, &Arc<Service>)> {
        self.by_domain.iter()
    }

    fn full(&self) -> bool {
        self.by_domain.len() >= SERVICES_MAX
    }

    fn create(&mut self, domain: Domain, service: Service) -> Result<(), Refusal> {
        if self.by_domain.contains_key(&domain) {
            return Err(Refusal::ServiceExists(service.name));
        }
        if self.full() {
            return Err(Refusal::TooMany("chat services".into()));
        }
        self.by_domain.insert(domain, Arc::new(service));
        Ok(())
    }
}

fn yes(is: bool) -> Answer {
    if is { Answer::Yes } else { Answer::No }
}

impl Noun for Services {
    const ID: NounId = NounId::Services;
    type Command = Command;

    fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::ServiceExists(domain) => yes(self.by_domain.contains_key(domain)),
            Question::ServicesFull => yes(self.full()),
            _ => Answer::No,
        }
    }

    fn decide(&mut self, _: &Context, command: Command, _: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Create { domain, service } => self.create(domain, service)?,
            Command::Seed { domain, .. } if self.by_domain.contains_key(&domain) => {}
            Command::Seed { domain, service } => self.create(domain, service)?,
        }
        Ok(Done::default())
    }

    fn follow(&mut self, _: &Context, effect: &Effect) -> Done {
        if let Effect::ServiceNeeded { service, name } = effect
            && !self.by_domain.contains_key(service)
        {
            let made = Service { name: name.clone(), description: Some(name.clone()), hidden: false };
            self.by_domain.insert(service.clone(), Arc::new(made));
        }
        Done::default()
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(self.by_domain.iter().map(|(domain, service)| bytes::record(&(domain, service.as_ref()))))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        let (domain, service): (Domain, Service) = bytes::decode(record)?;
        self.by_domain.insert(domain, Arc::new(service));
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub mod arbitrary {
    //! Commands that collide.

    use proptest::prelude::*;

    use super::*;

    /// The domain of one of few services.
    pub fn domain() -> BoxedStrategy<Domain> {
        prop::sample::select(vec!["conference.example.org", "chat.example.org"]).prop_map(|text| Domain::parse(text).unwrap()).boxed()
    }

    /// Any command.
    pub fn command() -> BoxedStrategy<Command> {
        let service = (any::<bool>(), any::<bool>()).prop_map(|(said, hidden)| Service {
            name: "Chat".into(),
            description: said.then(|| "For chatting".to_owned()),
            hidden,
        });
        (domain(), service, any::<bool>())
            .prop_map(|(domain, service, seed)| if seed { Command::Seed { domain, service } } else { Command::Create { domain, service } })
            .boxed()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;

    fn server() -> Domain {
        Domain::parse("example.org").unwrap()
    }

    fn cx() -> Context {
        Context { index: 1, at: Timestamp(0), domain: server() }
    }

    fn create(name: &str) -> Command {
        let service = Service { name: label(name, &server()).into(), description: None, hidden: true };
        Command::Create { domain: domain_of(name, &server()).unwrap(), service }
    }

    #[test]
    fn names_lead_to_domains() {
        for (name, domain) in [
            ("conference", Some("conference.example.org")),
            ("Conference", Some("conference.example.org")),
            ("conference.example.org", Some("conference.example.org")),
            ("conference.Example.ORG", Some("conference.example.org")),
            ("a.b", Some("a.b.example.org")),
            ("example.org", Some("example.org.example.org")),
            (".example.org", None),
            ("", None),
            ("a b", None),
            ("a.", None),
            ("a@b", None),
            ("xexample.org", Some("xexample.org.example.org")),
            ("éexample.org", Some("xn--example-9ua.org.example.org")),
        ] {
            let got = domain_of(name, &server());
            if name.is_ascii() {
                assert_eq!(got.as_deref(), domain, "{name}");
            } else {
                assert!(got.is_some(), "{name}");
            }
        }
    }

    #[test]
    fn a_name_is_taken_whatever_its_letter_case() {
        let mut services = Services::default();
        services.decide(&cx(), create("Conference"), &Facts::default()).unwrap();
        assert_eq!(services.get("conference.example.org").unwrap().name, "Conference");
        let again = services.decide(&cx(), create("conference.example.org"), &Facts::default()).unwrap_err();
        assert_eq!(again, Refusal::ServiceExists("conference".into()));
    }

    #[test]
    fn a_seed_changes_nothing_that_is_there() {
        let mut services = Services::default();
        services.decide(&cx(), create("conference"), &Facts::default()).unwrap();
        let domain = domain_of("conference", &server()).unwrap();
        let seed = Command::Seed { domain: domain.clone(), service: Service { name: "conference".into(), description: None, hidden: false } };
        services.decide(&cx(), seed, &Facts::default()).unwrap();
        assert!(services.get(&domain).unwrap().hidden);
    }

    #[test]
    fn a_needed_service_is_made_once_and_described_by_its_name() {
        let mut services = Services::default();
        let needed = Effect::ServiceNeeded { service: domain_of("Chat", &server()).unwrap(), name: "Chat".into() };
        services.follow(&cx(), &needed);
        let Effect::ServiceNeeded { service, .. } = needed.clone() else { return };
        let other = Effect::ServiceNeeded { service, name: "CHAT".into() };
        services.follow(&cx(), &other);
        assert_eq!(
            services.iter().map(|(_, s)| (s.name.as_str(), s.description.as_deref(), s.hidden)).collect::<Vec<_>>(),
            [("Chat", Some("Chat"), false)]
        );
    }

    #[test]
    fn there_is_a_bound() {
        let mut services = Services::default();
        for n in 0..SERVICES_MAX {
            services.decide(&cx(), create(&format!("s{n}")), &Facts::default()).unwrap();
        }
        assert_eq!(services.answer(&Question::ServicesFull), Answer::Yes);
        assert_eq!(services.decide(&cx(), create("more"), &Facts::default()).unwrap_err(), Refusal::TooMany("chat services".into()));
    }
}
