//! One question for many: while it is being answered, everybody who comes waits for the next time it is asked, together.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

type Round<T> = Shared<BoxFuture<'static, T>>;

/// Rounds of a question. Whoever joins gets an answer to a question that was asked after they came.
#[derive(Clone)]
pub struct Rounds<T: Clone> {
    state: Arc<Mutex<State<T>>>,
}

struct State<T: Clone> {
    /// The question that has been asked last.
    asked: Option<Round<T>>,
    /// The one that is asked as soon as that is answered.
    next: Option<Round<T>>,
}

impl<T: Clone> Default for Rounds<T> {
    fn default() -> Self {
        Self { state: Arc::new(Mutex::new(State { asked: None, next: None })) }
    }
}

impl<T: Clone + Send + Sync + 'static> Rounds<T> {
    /// Asks with the next round, which this makes unless somebody else has.
    pub fn join<A, F>(&self, ask: A) -> impl Future<Output = T> + Send + use<A, F, T>
    where
        A: FnOnce() -> F + Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = &state.next {
            return next.clone();
        }
        let (before, rounds) = (state.asked.clone(), Arc::downgrade(&self.state));
        let round = async move {
            if let Some(before) = before {
                before.await;
            }
            if let Some(rounds) = rounds.upgrade() {
                let mut state = rounds.lock().unwrap_or_else(PoisonError::into_inner);
                state.asked = state.next.take();
            }
            ask().await
        };
        let round = round.boxed().shared();
        state.next = Some(round.clone());
        round
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn who_comes_while_a_question_is_asked_waits_for_the_next_one() {
        let (rounds, asked, answers) = (Rounds::default(), Arc::new(AtomicU64::new(0)), Arc::new(Semaphore::new(0)));
        let join = || {
            let (asked, answers) = (Arc::clone(&asked), Arc::clone(&answers));
            Box::pin(rounds.join(move || async move {
                let number = asked.fetch_add(1, Ordering::Relaxed);
                answers.acquire().await.unwrap().forget();
                number
            }))
        };
        let mut first = join();
        assert!((&mut first).now_or_never().is_none());
        let (mut second, mut third) = (join(), join());
        assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
        assert_eq!(asked.load(Ordering::Relaxed), 1, "one question at a time");
        answers.add_permits(1);
        assert_eq!(first.await, 0);
        answers.add_permits(1);
        assert_eq!((second.await, third.await), (1, 1));
        drop(join());
        answers.add_permits(1);
        assert_eq!(join().await, 2, "a question nobody waited for is asked by who comes next");
    }
}
