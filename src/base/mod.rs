//! Floor 0: the vocabulary everything above shares. JIDs and names, ids, secrets, and the only clock.
