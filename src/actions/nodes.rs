//! The cluster as it is seen from here.

use std::sync::Arc;

use uuid::Uuid;

use crate::state::State;
use crate::state::nodes::Member;

use super::Hearth;

/// What this node is in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is all there is.
    Disabled,
    /// It has not joined yet.
    StartingUp,
    /// It is the senior of one.
    SeniorAndOnly,
    /// It has been here longest.
    Senior,
    /// Another one has been here longer.
    Junior,
}

impl Hearth {
    /// What this node is in the cluster.
    pub fn standing(&self, state: &State) -> Standing {
        if !self.clustered() {
            return Standing::Disabled;
        }
        standing(state, self.parts.node)
    }

    /// The members of the cluster, the senior first; none while there is no cluster.
    pub fn members(&self, state: &State) -> Vec<Arc<Member>> {
        if self.clustered() { state.nodes.iter().cloned().collect() } else { Vec::new() }
    }
}

fn standing(state: &State, node: Uuid) -> Standing {
    match (state.nodes.get(node), state.nodes.senior()) {
        (Some(me), Some(senior)) if me.node != senior.node => Standing::Junior,
        (Some(_), Some(_)) if state.nodes.len() == 1 => Standing::SeniorAndOnly,
        (Some(_), Some(_)) => Standing::Senior,
        _ => Standing::StartingUp,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::state::{Noun, bytes};

    #[test]
    fn the_standing_of_a_node_is_its_place_in_line() {
        let mut state = State::default();
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(standing(&state, first), Standing::StartingUp);
        let member = |node, incarnation| Member { node, incarnation, host: "h".into(), address: None, joined: Timestamp(0) };
        state.nodes.restore(&bytes::encode(&member(first, 5)).unwrap()).unwrap();
        assert_eq!(standing(&state, first), Standing::SeniorAndOnly);
        state.nodes.restore(&bytes::encode(&member(second, 6)).unwrap()).unwrap();
        assert_eq!((standing(&state, first), standing(&state, second)), (Standing::Senior, Standing::Junior));
    }
}
