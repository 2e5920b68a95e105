//! All owners of this node, and the one order in which committed entries reach them.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::mpsc;

use actix::{Actor, Addr};
use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use futures_util::future::try_join_all;
use tokio::sync::{Mutex, oneshot};
use uuid::Uuid;

use crate::state::requests::Requests;
use crate::state::{
    Answer, Application, Applied, Command, Context, Done, Effect, Event, Facts, Input, Logged, NounId, Question, Refusal, State, Step, audit, groups,
    lockouts, messages, nodes, properties, rooms, rosters, services, sessions, users, vcards,
};

use super::bus::Bus;
use super::owner::{Append, Ask, Decide, Follow, Look, Owner, Replace};
use super::replica::{Broken, Cut, Replica, Sequel};

/// The published state, for readers.
pub type Views = Arc<ArcSwap<State>>;

/// The state at the index that was marked last.
pub type Marked = Arc<ArcSwapOption<State>>;

impl Cut for Arc<State> {
    fn records(&self) -> Box<dyn Iterator<Item = (u8, Vec<u8>)> + Send + '_> {
        State::records(self)
    }
}

macro_rules! owners {
    ($($field:ident: $id:ident($module:ident)),* $(,)?) => {
        #[derive(Debug, Clone)]
        struct Mailboxes {
            $($field: Addr<Owner<$module::$id>>,)*
        }

        impl Mailboxes {
            /// Starts every owner on the arbiter of the calling thread.
            fn start() -> Self {
                Self { $($field: Owner($module::$id::default()).start(),)* }
            }

            async fn ask(&self, question: Question) -> Result<Answer, Broken> {
                match question.of() {
                    $(NounId::$id => self.$field.send(Ask(question)).await.map_err(gone),)*
                    NounId::Requests => Ok(Answer::No),
                }
            }

            async fn follow(&self, cx: Context, noun: NounId, effect: Effect) -> Result<Done, Broken> {
                match noun {
                    $(NounId::$id => self.$field.send(Follow(cx, effect)).await.map_err(gone),)*
                    NounId::Requests => Ok(Done::default()),
                }
            }

            /// Copies the nouns named in `which` into `state`.
            async fn look(&self, which: &BTreeSet<NounId>, state: &mut State) -> Result<(), Broken> {
                $(if which.contains(&NounId::$id) {
                    state.$field = self.$field.send(Look(PhantomData)).await.map_err(gone)?;
                })*
                Ok(())
            }

            async fn replace(&self, state: &State) -> Result<(), Broken> {
                $(self.$field.send(Replace(state.$field.clone())).await.map_err(gone)?;)*
                Ok(())
            }
        }
    };
}

owners! {
    users: Users(users),
    lockouts: Lockouts(lockouts),
    groups: Groups(groups),
    rosters: Rosters(rosters),
    vcards: Vcards(vcards),
    services: Services(services),
    rooms: Rooms(rooms),
    sessions: Sessions(sessions),
    messages: Messages(messages),
    properties: Properties(properties),
    audit: Audit(audit),
    nodes: Nodes(nodes),
}

impl Mailboxes {
    async fn decide(&self, cx: Context, command: Command, facts: Facts) -> Result<(NounId, Result<Done, Refusal>), Broken> {
        macro_rules! to {
            ($($id:ident => $field:ident),*) => {
                match command {
                    $(Command::$id(c) => (NounId::$id, self.$field.send(Decide(cx, c, facts)).await.map_err(gone)?),)*
                }
            };
        }
        Ok(to!(
            Users => users, Lockouts => lockouts, Groups => groups, Rosters => rosters, Vcards => vcards, Services => services, Rooms => rooms,
            Sessions => sessions, Messages => messages, Properties => properties, Nodes => nodes, Audit => audit
        ))
    }
}

fn gone(error: actix::MailboxError) -> Broken {
    Broken(format!("an owner is gone: {error}"))
}

/// What only the apply order touches.
#[derive(Debug, Default)]
struct Desk {
    requests: Requests,
    dirty: BTreeSet<NounId>,
    happened: Vec<(u64, Vec<Event>)>,
}

/// All owners of this node.
#[derive(Debug)]
pub struct Owners {
    room: Arc<Room>,
    system: actix::System,
}

/// What is worked with on the owners' thread: a step from one mailbox to the next costs little there and much from elsewhere.
#[derive(Debug)]
struct Room {
    mailboxes: Mailboxes,
    desk: Mutex<Desk>,
    views: Views,
    marked: Marked,
    bus: Bus,
}

impl Owners {
    /// Starts every owner on a thread of its own.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start() -> Result<Self, Broken> {
        let (started, starting) = mpsc::sync_channel(1);
        let run = move || {
            let runner = actix::System::new();
            let mailboxes = runner.block_on(async { Mailboxes::start() });
            if started.send((mailboxes, actix::System::current())).is_ok()
                && let Err(error) = runner.run()
            {
                tracing::error!(%error, "the owners' thread ended");
            }
        };
        std::thread::Builder::new().name("owners".into()).spawn(run).map_err(|e| Broken(format!("cannot start the owners' thread: {e}")))?;
        let (mailboxes, system) = starting.recv().map_err(|_| Broken("the owners' thread did not start".into()))?;
        let room = Room { mailboxes, desk: Mutex::default(), views: Views::default(), marked: Marked::default(), bus: Bus::default() };
        Ok(Self { room: Arc::new(room), system })
    }

    /// The published state.
    pub fn views(&self) -> Views {
        Arc::clone(&self.room.views)
    }

    /// The state at the index that was marked last, to be compared between nodes.
    pub fn marked(&self) -> Marked {
        Arc::clone(&self.room.marked)
    }

    /// The event bus.
    pub fn bus(&self) -> Bus {
        self.room.bus.clone()
    }

    /// Waits for its turn in the apply order and for an owner to answer: what never comes back from here is stuck.
    ///
    /// # Errors
    /// An owner is gone.
    pub async fn beat(&self) -> Result<(), Broken> {
        let _desk = self.room.desk.lock().await;
        self.room.mailboxes.ask(Question::NodeUp { node: Uuid::nil(), incarnation: 0 }).await.map(drop)
    }

    /// Runs `work` on the owners' thread.
    async fn there<T, F>(&self, work: impl FnOnce(Arc<Room>) -> F) -> Result<T, Broken>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Broken>> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let work = work(Arc::clone(&self.room));
        let run = async move {
            let _ = tell.send(work.await); // nobody waits any more when the node stops
        };
        let gone = || Broken("the owners' thread is gone".into());
        if !self.system.arbiter().spawn(run) {
            return Err(gone());
        }
        told.await.map_err(|_| gone())?
    }
}

impl Room {
    async fn run(&self, desk: &mut Desk, mut application: Application) -> Result<Applied, Broken> {
        loop {
            let cx = application.cx.clone();
            let input = match application.next_step() {
                Step::Ask(questions) => {
                    let asked = questions.into_iter().map(|question| self.mailboxes.ask(question));
                    Input::Answers(try_join_all(asked).await?)
                }
                Step::Decide(command, facts) => {
                    let (noun, decided) = self.mailboxes.decide(cx, *command, facts).await?;
                    if decided.is_ok() {
                        desk.dirty.insert(noun);
                    }
                    Input::Decided(decided)
                }
                Step::Follow(noun, effect) => {
                    desk.dirty.insert(noun);
                    Input::Followed(self.mailboxes.follow(cx, noun, effect).await?)
                }
                Step::Audit(draft) => {
                    desk.dirty.insert(NounId::Audit);
                    Input::Followed(self.mailboxes.audit.send(Append(cx, *draft)).await.map_err(gone)?)
                }
                Step::Finished(applied) => {
                    desk.requests.remember(application.id, application.fingerprint, applied.outcome.clone());
                    return Ok(applied);
                }
            };
            application.take(input);
        }
    }

    async fn apply(&self, index: u64, payload: &[u8]) -> Result<Applied, Broken> {
        let logged = Logged::decode(payload).map_err(|e| Broken(format!("entry {index} cannot be read: {e}")))?;
        let mut desk = self.desk.lock().await;
        if let Some(outcome) = desk.requests.answer(index, &logged) {
            return Ok(Applied { outcome, events: Vec::new(), ledger: Vec::new() });
        }
        let mut applied = self.run(&mut desk, Application::begin(index, logged.proposal)).await?;
        if applied.events.contains(&Event::Marked) {
            self.mark(&desk, index).await?;
        }
        desk.happened.push((index, std::mem::take(&mut applied.events)));
        Ok(applied)
    }

    /// The state as it is at this entry, whether published yet or not.
    async fn as_of(&self, desk: &Desk, index: u64) -> Result<State, Broken> {
        let mut state = State::clone(&self.views.load());
        self.mailboxes.look(&desk.dirty, &mut state).await?;
        state.requests = desk.requests.clone();
        state.index = index;
        Ok(state)
    }

    async fn mark(&self, desk: &Desk, index: u64) -> Result<(), Broken> {
        self.marked.store(Some(Arc::new(self.as_of(desk, index).await?)));
        Ok(())
    }

    async fn publish(&self, index: u64) -> Result<(), Broken> {
        let mut desk = self.desk.lock().await;
        let state = self.as_of(&desk, index).await?;
        desk.dirty.clear();
        self.views.store(Arc::new(state));
        for (index, events) in desk.happened.drain(..) {
            self.bus.tell(index, events);
        }
        Ok(())
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        self.system.stop();
    }
}

impl Replica for Owners {
    type Cut = Arc<State>;

    async fn apply(&self, index: u64, payload: &[u8]) -> Result<Applied, Broken> {
        let payload = Bytes::copy_from_slice(payload);
        self.there(|room| async move { room.apply(index, &payload).await }).await
    }

    async fn publish(&self, index: u64) -> Result<(), Broken> {
        self.there(|room| async move { room.publish(index).await }).await
    }

    async fn settle<S: Sequel>(&self, entries: Vec<(u64, Bytes)>, upto: u64, mut sequel: S) -> Result<S::Rest, Broken> {
        let all = |room: Arc<Room>| async move {
            let mut applied = Vec::with_capacity(entries.len());
            for (index, payload) in entries {
                applied.push(room.apply(index, &payload).await?);
            }
            sequel.applied(applied);
            room.publish(upto).await?;
            Ok(sequel.published())
        };
        self.there(all).await
    }

    fn audited(&self) -> u64 {
        self.room.views.load().audit.last() + 1
    }

    async fn cut(&self) -> Result<Arc<State>, Broken> {
        Ok(self.room.views.load_full())
    }

    async fn restore(&self, index: u64, records: impl Iterator<Item = Result<(u8, Vec<u8>), Broken>> + Send) -> Result<(), Broken> {
        let mut state = State { index, ..State::default() };
        for record in records {
            let (noun, bytes) = record?;
            state.restore(noun, &bytes).map_err(|e| Broken(format!("a snapshot record cannot be read: {e}")))?;
        }
        let mut desk = self.room.desk.lock().await;
        self.room.mailboxes.replace(&state).await?;
        desk.requests = state.requests.clone();
        desk.dirty.clear();
        self.room.views.store(Arc::new(state));
        Ok(())
    }
}
