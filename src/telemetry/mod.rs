//! Floor 0: how the process tells what it does.
