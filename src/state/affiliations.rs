//! Affiliations of users and groups with a chat room (XEP-0045 §5.2). Owned by the rooms noun.
