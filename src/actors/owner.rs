//! The actor around one noun.

use std::marker::PhantomData;

use actix::{Actor, Context as ActorContext, Handler, Message, MessageResult};

use crate::state::audit::{Audit, Draft};
use crate::state::{Answer, Context, Done, Effect, Facts, Noun, Question, Refusal};

/// The one writer of a noun. Never restarted in place: replaying the log is the repair.
#[derive(Debug)]
pub struct Owner<N: Noun>(pub N);

impl<N: Noun + Unpin> Actor for Owner<N> {
    type Context = ActorContext<Self>;
}

/// See [`Noun::answer`].
#[derive(Debug)]
pub struct Ask(pub Question);

impl Message for Ask {
    type Result = Answer;
}

/// See [`Noun::decide`].
#[derive(Debug)]
pub struct Decide<C>(pub Context, pub C, pub Facts);

impl<C> Message for Decide<C> {
    type Result = Result<Done, Refusal>;
}

/// See [`Noun::follow`].
#[derive(Debug)]
pub struct Follow(pub Context, pub Effect);

impl Message for Follow {
    type Result = Done;
}

/// See [`Audit::append`].
#[derive(Debug)]
pub struct Append(pub Context, pub Draft);

impl Message for Append {
    type Result = Done;
}

/// Asks for a copy to read from.
#[derive(Debug)]
pub struct Look<N: Noun>(pub PhantomData<N>);

impl<N: Noun> Message for Look<N> {
    type Result = N;
}

/// Replaces the noun by one restored from a snapshot.
#[derive(Debug)]
pub struct Replace<N: Noun>(pub N);

impl<N: Noun> Message for Replace<N> {
    type Result = ();
}

impl<N: Noun + Unpin> Handler<Ask> for Owner<N> {
    type Result = MessageResult<Ask>;

    fn handle(&mut self, Ask(question): Ask, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.0.answer(&question))
    }
}

impl<N: Noun + Unpin> Handler<Decide<N::Command>> for Owner<N> {
    type Result = Result<Done, Refusal>;

    fn handle(&mut self, Decide(cx, command, facts): Decide<N::Command>, _: &mut Self::Context) -> Self::Result {
        self.0.decide(&cx, command, &facts)
    }
}

impl<N: Noun + Unpin> Handler<Follow> for Owner<N> {
    type Result = MessageResult<Follow>;

    fn handle(&mut self, Follow(cx, effect): Follow, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.0.follow(&cx, &effect))
    }
}

impl Handler<Append> for Owner<Audit> {
    type Result = MessageResult<Append>;

    fn handle(&mut self, Append(cx, draft): Append, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.0.append(&cx, draft))
    }
}

impl<N: Noun + Unpin> Handler<Look<N>> for Owner<N> {
    type Result = MessageResult<Look<N>>;

    fn handle(&mut self, _: Look<N>, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.0.clone())
    }
}

impl<N: Noun + Unpin> Handler<Replace<N>> for Owner<N> {
    type Result = ();

    fn handle(&mut self, Replace(noun): Replace<N>, _: &mut Self::Context) {
        self.0 = noun;
    }
}
