//! A relation between keys and names, for indexes that answer "which ones have to do with this?" without a scan.

use std::fmt::Debug;

use imbl::OrdSet;

/// Pairs of `A` and `B`, kept in one flat persistent set: what belongs to an `A` is one range of it, so a key with a single
/// pair costs no collection of its own.
#[derive(Clone, Debug)]
pub struct Pairs<A: Ord, B: Ord>(
    // `None` is never stored: it sorts before every `Some` and so marks where the range of a key begins.
    OrdSet<(A, Option<B>)>,
);

impl<A: Ord, B: Ord> Default for Pairs<A, B> {
    fn default() -> Self {
        Self(OrdSet::new())
    }
}

impl<A: Ord + Clone + Debug, B: Ord + Clone + Debug> Pairs<A, B> {
    /// Relates the two.
    pub fn insert(&mut self, a: A, b: B) {
        self.0.insert((a, Some(b)));
    }

    /// No longer relates the two.
    pub fn remove(&mut self, a: &A, b: &B) {
        self.0.remove(&(a.clone(), Some(b.clone())));
    }

    /// What is related to `a`, in order.
    pub fn of<'a>(&'a self, a: &'a A) -> impl Iterator<Item = &'a B> + 'a {
        self.0.range((a.clone(), None)..).take_while(move |pair| pair.0 == *a).filter_map(|pair| pair.1.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_range_in_order() {
        let mut pairs = Pairs::default();
        for (a, b) in [(2, "y"), (1, "b"), (2, "x"), (1, "a"), (3, "z"), (2, "x")] {
            pairs.insert(a, b);
        }
        let of = |pairs: &Pairs<i32, &'static str>, a: i32| pairs.of(&a).copied().collect::<Vec<_>>();
        assert_eq!((of(&pairs, 0), of(&pairs, 1), of(&pairs, 2)), (vec![], vec!["a", "b"], vec!["x", "y"]));
        pairs.remove(&2, &"x");
        assert_eq!((of(&pairs, 2), of(&pairs, 3)), (vec!["y"], vec!["z"]));
    }
}
