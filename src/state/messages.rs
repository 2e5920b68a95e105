//! Messages waiting for their recipient: the offline store.
//!
//! The stanzas live in a ledger on disk, by message id; the state keeps only which ids wait for whom. A user for whom
//! [`WAITING_MAX`] messages wait gets no more: what is stored was promised, so the newest is turned away and never the oldest
//! pushed out. Where a sender can be told it is refused; an invitation is let go, as its sender is never told (rooms.md Q45).

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use crate::base::jid::Localpart;

use super::bytes::{self, BadBytes};
use super::{Context, Done, Effect, Facts, Ledger, LedgerPut, Noun, NounId, Question, Refusal, Reply};

/// How many messages can wait for one user.
pub const WAITING_MAX: usize = 1_000;
/// How large a stored stanza can be, in bytes.
pub const STANZA_MAX: usize = 60 * 1024;

/// What can be done to stored messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Keeps a message for a user who has an account.
    Store {
        /// Whom it is for.
        to: Localpart,
        /// The stanza.
        stanza: String,
    },
    /// Forgets the messages of a user up to this id, because they were delivered. Answers how many.
    Forget {
        /// Whose.
        of: Localpart,
        /// The newest that was delivered.
        up_to: u64,
    },
}

impl Command {
    /// What must be known first.
    pub fn questions(&self) -> Vec<Question> {
        match self {
            Self::Store { to, .. } => vec![Question::UserExists(to.clone())],
            Self::Forget { .. } => Vec::new(),
        }
    }
}

/// Which messages wait for whom.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    last: u64,
    waiting: OrdMap<Localpart, Vector<u64>>,
}

/// What a snapshot keeps.
#[derive(Serialize, Deserialize)]
enum Record {
    /// The newest id ever given.
    Last(u64),
    /// What waits for one user, oldest first.
    Waiting(Localpart, Vec<u64>),
}

fn forget(id: u64) -> LedgerPut {
    LedgerPut { ledger: Ledger::Messages, key: id, value: None }
}

impl Messages {
    /// Ids of the messages that wait for this user, oldest first; they name stanzas in [`Ledger::Messages`].
    pub fn waiting(&self, user: &str) -> impl Iterator<Item = u64> + '_ {
        self.waiting.get(user).into_iter().flatten().copied()
    }

    /// How many messages wait for this user.
    pub fn count(&self, user: &str) -> usize {
        self.waiting.get(user).map_or(0, Vector::len)
    }

    /// The newest id ever given; 0 when none was.
    pub fn last(&self) -> u64 {
        self.last
    }

    fn store(&mut self, to: &Localpart, stanza: &str) -> Option<LedgerPut> {
        if stanza.len() > STANZA_MAX || self.count(to) >= WAITING_MAX {
            return None;
        }
        self.last += 1;
        self.waiting.entry(to.clone()).or_default().push_back(self.last);
        Some(LedgerPut { ledger: Ledger::Messages, key: self.last, value: Some(stanza.as_bytes().to_vec()) })
    }

    fn delivered(&mut self, of: &Localpart, up_to: u64) -> Done {
        let Some(ids) = self.waiting.get(of) else { return Done { reply: Some(Reply::Count(0)), ..Done::default() } };
        let (gone, left): (Vector<u64>, Vector<u64>) = ids.iter().copied().partition(|id| *id <= up_to);
        if left.is_empty() {
            self.waiting.remove(of);
        } else {
            self.waiting.insert(of.clone(), left);
        }
        Done { reply: Some(Reply::Count(gone.len() as u64)), ledger: gone.into_iter().map(forget).collect(), ..Done::default() }
    }

    fn drop_all(&mut self, of: &Localpart) -> Done {
        let gone = self.waiting.remove(of).unwrap_or_default();
        Done { ledger: gone.into_iter().map(forget).collect(), ..Done::default() }
    }

    /// The name moved to is a new account's, so nothing waits for it yet.
    fn rename(&mut self, from: &Localpart, to: &Localpart) -> Done {
        let mut done = self.drop_all(to);
        if let Some(ids) = self.waiting.remove(from) {
            self.waiting.insert(to.clone(), ids);
        }
        done.reply = None;
        done
    }
}

impl Noun for Messages {
    const ID: NounId = NounId::Messages;
    type Command = Command;

    fn decide(&mut self, _: &Context, command: Command, facts: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Store { to, .. } if !facts.yes(0) => Err(Refusal::UserNotFound(to.to_string())),
            Command::Store { to, stanza } => {
                let put = self.store(&to, &stanza).ok_or_else(|| Refusal::TooMany(format!("messages for {to}")))?;
                Ok(Done { ledger: vec![put], ..Done::default() })
            }
            Command::Forget { of, up_to } => Ok(self.delivered(&of, up_to)),
        }
    }

    fn follow(&mut self, _: &Context, effect: &Effect) -> Done {
        match effect {
            Effect::MessageWaits(message) => Done { ledger: self.store(&message.to, &message.stanza).into_iter().collect(), ..Done::default() },
            Effect::UserDeleted(name) => self.drop_all(name),
            Effect::UserRenamed { from, to } => self.rename(from, to),
            _ => Done::default(),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        let each = |(name, ids): (&Localpart, &Vector<u64>)| bytes::record(&Record::Waiting(name.clone(), ids.iter().copied().collect()));
        Box::new(std::iter::once(bytes::record(&Record::Last(self.last))).chain(self.waiting.iter().map(each)))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        match bytes::decode(record)? {
            Record::Last(last) => self.last = last,
            Record::Waiting(name, ids) => {
                self.waiting.insert(name, ids.into_iter().collect());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub mod arbitrary {
    //! Commands that collide.

    use proptest::prelude::*;

    use super::*;

    /// Any command.
    pub fn command() -> BoxedStrategy<Command> {
        let name = prop::sample::select(vec!["ann", "bob", "cid"]).prop_map(|name| Localpart::parse(name).unwrap());
        let store = |to| Command::Store { to, stanza: "<message/>".into() };
        prop_oneof![3 => name.clone().prop_map(store), 1 => (name, 0..20_u64).prop_map(|(of, up_to)| Command::Forget { of, up_to })].boxed()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::jid::Domain;
    use crate::state::Answer;
    use crate::state::Message;

    fn cx() -> Context {
        Context { index: 1, at: Timestamp(0), domain: Domain::parse("example.org").unwrap() }
    }

    fn name(text: &str) -> Localpart {
        Localpart::parse(text).unwrap()
    }

    fn send(messages: &mut Messages, to: &str, stanza: &str) -> Vec<LedgerPut> {
        messages.follow(&cx(), &Effect::MessageWaits(Arc::new(Message { to: name(to), stanza: stanza.into() }))).ledger
    }

    #[test]
    fn what_waits_is_on_disk_and_only_its_id_in_the_state() {
        let mut messages = Messages::default();
        assert_eq!(send(&mut messages, "ann", "<a/>"), [LedgerPut { ledger: Ledger::Messages, key: 1, value: Some(b"<a/>".to_vec()) }]);
        send(&mut messages, "bob", "<b/>");
        send(&mut messages, "ann", "<c/>");
        assert_eq!(messages.waiting("ann").collect::<Vec<_>>(), [1, 3]);
        let done = messages.decide(&cx(), Command::Forget { of: name("ann"), up_to: 1 }, &Facts::default()).unwrap();
        assert_eq!((done.reply, done.ledger), (Some(Reply::Count(1)), vec![forget(1)]));
        assert_eq!((messages.count("ann"), messages.count("bob"), messages.last()), (1, 1, 3));
    }

    #[test]
    fn the_newest_is_turned_away_when_too_many_wait() {
        let mut messages = Messages::default();
        for _ in 0..WAITING_MAX {
            assert_eq!(send(&mut messages, "ann", "x").len(), 1);
        }
        assert_eq!(send(&mut messages, "ann", "x"), []);
        let store = Command::Store { to: name("ann"), stanza: "x".into() };
        let refused = messages.decide(&cx(), store, &Facts(vec![Answer::Yes])).unwrap_err();
        assert_eq!(refused, Refusal::TooMany("messages for ann".into()));
        assert_eq!(send(&mut messages, "bob", &"x".repeat(STANZA_MAX + 1)), []);
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let store = Command::Store { to: name("ann"), stanza: "x".into() };
        let refused = Messages::default().decide(&cx(), store, &Facts(vec![Answer::No])).unwrap_err();
        assert_eq!(refused, Refusal::UserNotFound("ann".into()));
    }

    #[test]
    fn messages_follow_the_account() {
        let mut messages = Messages::default();
        send(&mut messages, "ann", "x");
        messages.follow(&cx(), &Effect::UserRenamed { from: name("ann"), to: name("zoe") });
        assert_eq!((messages.count("ann"), messages.count("zoe")), (0, 1));
        let done = messages.follow(&cx(), &Effect::UserDeleted(name("zoe")));
        assert_eq!((done.ledger, messages.count("zoe")), (vec![forget(1)], 0));
    }

    #[test]
    fn ids_go_on_after_a_restart_even_when_nothing_waits() {
        let mut messages = Messages::default();
        send(&mut messages, "ann", "x");
        messages.follow(&cx(), &Effect::UserDeleted(name("ann")));
        let mut again = Messages::default();
        messages.records().for_each(|record| again.restore(&record).unwrap());
        assert_eq!(again.records().collect::<Vec<_>>(), messages.records().collect::<Vec<_>>());
        assert_eq!(send(&mut again, "bob", "y")[0].key, 2);
    }
}
