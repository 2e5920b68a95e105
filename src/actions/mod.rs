//! Floor 5: everything one can do; what every door calls.
