//! The keystone: the one order in which a proposal is applied.
//!
//! Is it a retry? → ask what the command needs to know → let its noun decide → let other nouns follow, effect by effect →
//! write the audit entry → remember the outcome. [`Application`] says what comes next and is told what came of it; whoever
//! holds the nouns (plain structs or mailboxes) only carries out the steps.

use std::collections::VecDeque;

use super::{Answer, Command, Context, Done, Effect, Event, Facts, LedgerPut, NounId, Outcome, Proposal, Question, Refusal, Reply, RequestId, audit};

/// The next step, for whoever holds the nouns.
#[derive(Debug)]
pub enum Step {
    /// Put the questions to their nouns; give back [`Input::Answers`].
    Ask(Vec<Question>),
    /// Let the command's noun decide; give back [`Input::Decided`].
    Decide(Box<Command>, Facts),
    /// Let the noun follow the effect; give back [`Input::Followed`].
    Follow(NounId, Effect),
    /// Let the audit log write the entry; give back [`Input::Followed`].
    Audit(Box<audit::Draft>),
    /// Nothing more to do.
    Finished(Applied),
}

/// What came of a [`Step`].
#[derive(Debug)]
pub enum Input {
    /// The nouns' answers, in the order of the questions.
    Answers(Vec<Answer>),
    /// The noun's decision.
    Decided(Result<Done, Refusal>),
    /// What following brought about.
    Followed(Done),
}

/// What one proposal came to.
#[derive(Debug)]
pub struct Applied {
    /// The answer for the proposer.
    pub outcome: Outcome,
    /// For listeners, in order.
    pub events: Vec<Event>,
    /// For the ledgers on disk.
    pub ledger: Vec<LedgerPut>,
}

/// One proposal on its way through the nouns.
#[derive(Debug)]
pub struct Application {
    /// What every part knows.
    pub cx: Context,
    /// Which act it is, to be remembered with its outcome.
    pub id: RequestId,
    /// See [`Proposal::fingerprint`].
    pub fingerprint: Option<[u8; 16]>,
    command: Option<Command>,
    audit: Option<audit::Draft>,
    questions: Vec<Question>,
    facts: Facts,
    follow: VecDeque<(NounId, Effect)>,
    applied: Applied,
}

impl Application {
    /// Begins to apply `proposal`, committed at `index`.
    pub fn begin(index: u64, proposal: Proposal) -> Self {
        let Proposal { id, fingerprint, at, domain, audit, command } = proposal;
        Self {
            cx: Context { index, at, domain },
            id,
            fingerprint,
            questions: command.questions(),
            command: Some(command),
            audit,
            facts: Facts::default(),
            follow: VecDeque::new(),
            applied: Applied { outcome: Ok(Reply::Done), events: Vec::new(), ledger: Vec::new() },
        }
    }

    /// What to do next. After [`Step::Finished`] there is nothing more.
    pub fn next_step(&mut self) -> Step {
        if !self.questions.is_empty() {
            return Step::Ask(std::mem::take(&mut self.questions));
        }
        if let Some(command) = self.command.take() {
            return Step::Decide(Box::new(command), std::mem::take(&mut self.facts));
        }
        if let Some((noun, effect)) = self.follow.pop_front() {
            return Step::Follow(noun, effect);
        }
        if let Some(draft) = self.audit.take() {
            return Step::Audit(Box::new(draft));
        }
        let empty = Applied { outcome: self.applied.outcome.clone(), events: Vec::new(), ledger: Vec::new() };
        Step::Finished(std::mem::replace(&mut self.applied, empty))
    }

    /// Takes in what came of the last step.
    pub fn take(&mut self, input: Input) {
        match input {
            Input::Answers(answers) => self.facts = Facts(answers),
            Input::Decided(Ok(done)) => self.collect(done),
            Input::Decided(Err(refusal)) => {
                self.applied.outcome = Err(refusal);
                self.audit = None; // nothing changed, so there is nothing to account for
            }
            Input::Followed(done) => self.collect(done),
        }
    }

    fn collect(&mut self, done: Done) {
        if let Some(reply) = done.reply {
            self.applied.outcome = Ok(reply);
        }
        if let (Some(draft), Some(note)) = (&mut self.audit, done.note) {
            draft.details = Some(draft.details.take().map_or_else(|| note.clone(), |details| format!("{note}\n{details}")));
        }
        for effect in done.effects {
            for noun in effect.followers() {
                self.follow.push_back((*noun, effect.clone()));
            }
        }
        self.applied.events.extend(done.events);
        self.applied.ledger.extend(done.ledger);
    }
}
