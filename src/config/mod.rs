//! Floor 0: what an operator may set, one documented struct per concern.
