//! The wire shapes of the REST API, in XML and JSON, exact to the byte.
