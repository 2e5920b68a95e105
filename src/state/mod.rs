//! Floor 1: the pure nouns. A command goes in; an outcome and events come out.
