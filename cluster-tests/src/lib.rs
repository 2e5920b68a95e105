//! Starts the real `hearth` binary and knows the service only from outside.
