//! All nouns together, as plain structs: what readers see, what snapshots are cut from, and the reference that the owners
//! behind mailboxes are tested against.

use sha2::{Digest, Sha256};

use super::application::{Application, Applied, Input, Step};
use super::bytes::BadBytes;
use super::requests::Requests;
use super::{
    Answer, Command, Context, Done, Effect, Facts, Logged, Noun, NounId, Question, Refusal, audit, groups, lockouts, messages, nodes, properties,
    rooms, rosters, services, sessions, users, vcards,
};

macro_rules! whole {
    ($($(#[$doc:meta])* $field:ident: $id:ident($module:ident)),* $(,)?) => {
        /// The replicated state at one log index. Cheap to clone: its maps are persistent.
        #[derive(Clone, Debug, Default)]
        pub struct State {
            /// Log index of the last entry applied.
            pub index: u64,
            /// Outcomes remembered by request id.
            pub requests: Requests,
            $($(#[$doc])* pub $field: $module::$id,)*
        }

        impl State {
            /// Every record of every noun, in canonical order.
            pub fn records(&self) -> Box<dyn Iterator<Item = (u8, Vec<u8>)> + Send + '_> {
                let records = self.requests.records().map(|record| (NounId::Requests as u8, record));
                $(let records = records.chain(self.$field.records().map(|record| (NounId::$id as u8, record)));)*
                Box::new(records)
            }

            /// Takes back one record.
            ///
            /// # Errors
            /// The record or its noun is not known.
            pub fn restore(&mut self, noun: u8, record: &[u8]) -> Result<(), BadBytes> {
                match noun {
                    n if n == NounId::Requests as u8 => self.requests.restore(record),
                    $(n if n == NounId::$id as u8 => self.$field.restore(record),)*
                    n => Err(BadBytes::Damaged(format!("noun {n} is not known"))),
                }
            }

            fn ask(&self, question: &Question) -> Answer {
                match question.of() {
                    $(NounId::$id => self.$field.answer(question),)*
                    NounId::Requests => Answer::No,
                }
            }

            fn follow(&mut self, cx: &Context, noun: NounId, effect: &Effect) -> Done {
                match noun {
                    $(NounId::$id => self.$field.follow(cx, effect),)*
                    NounId::Requests => Done::default(),
                }
            }
        }
    };
}

whole! {
    /// Accounts.
    users: Users(users),
    /// Disabled accounts.
    lockouts: Lockouts(lockouts),
    /// Groups.
    groups: Groups(groups),
    /// Contact lists.
    rosters: Rosters(rosters),
    /// vCards.
    vcards: Vcards(vcards),
    /// Chat services.
    services: Services(services),
    /// Chat rooms.
    rooms: Rooms(rooms),
    /// Client sessions.
    sessions: Sessions(sessions),
    /// Stored messages.
    messages: Messages(messages),
    /// System properties.
    properties: Properties(properties),
    /// The head of the audit log.
    audit: Audit(audit),
    /// The members of the cluster.
    nodes: Nodes(nodes),
}

impl State {
    /// Applies one proposal, committed at `index`.
    pub fn apply(&mut self, index: u64, proposed: impl Into<Logged>) -> Applied {
        let logged = proposed.into();
        self.index = index;
        if let Some(outcome) = self.requests.answer(index, &logged) {
            return Applied { outcome, events: Vec::new(), ledger: Vec::new() };
        }
        let mut application = Application::begin(index, logged.proposal);
        loop {
            let input = match application.next_step() {
                Step::Ask(questions) => Input::Answers(questions.iter().map(|question| self.ask(question)).collect()),
                Step::Decide(command, facts) => Input::Decided(self.decide(&application.cx, *command, &facts)),
                Step::Follow(noun, effect) => Input::Followed(self.follow(&application.cx, noun, &effect)),
                Step::Audit(draft) => Input::Followed(self.audit.append(&application.cx, *draft)),
                Step::Finished(applied) => {
                    self.requests.remember(application.id, application.fingerprint, applied.outcome.clone());
                    return applied;
                }
            };
            application.take(input);
        }
    }

    fn decide(&mut self, cx: &Context, command: Command, facts: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Users(c) => self.users.decide(cx, c, facts),
            Command::Lockouts(c) => self.lockouts.decide(cx, c, facts),
            Command::Groups(c) => self.groups.decide(cx, c, facts),
            Command::Rosters(c) => self.rosters.decide(cx, c, facts),
            Command::Vcards(c) => self.vcards.decide(cx, c, facts),
            Command::Services(c) => self.services.decide(cx, c, facts),
            Command::Rooms(c) => self.rooms.decide(cx, c, facts),
            Command::Sessions(c) => self.sessions.decide(cx, c, facts),
            Command::Messages(c) => self.messages.decide(cx, c, facts),
            Command::Properties(c) => self.properties.decide(cx, c, facts),
            Command::Nodes(c) => self.nodes.decide(cx, c, facts),
            Command::Audit(c) => self.audit.decide(cx, c, facts),
        }
    }

    /// SHA-256 over all records: equal on every node that has applied the same proposals, whatever else was in the log (an
    /// election adds an entry that changes nothing). Costs a walk over everything.
    pub fn checksum(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (noun, record) in self.records() {
            hash.update([noun]);
            hash.update((record.len() as u64).to_be_bytes());
            hash.update(&record);
        }
        hash.finalize().into()
    }
}
