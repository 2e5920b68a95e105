//! Floor 2: a mailbox around each noun, applied in log order, with views for readers and events for listeners.
