//! Floor 4: who takes part, and how a proposal reaches the log from here.
