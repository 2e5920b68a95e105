//! Floor 3: the log, its disk, and the bridge from committed entries to the owners.
