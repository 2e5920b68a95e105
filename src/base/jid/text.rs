//! The parts of a JID as shared, canonical text.

use super::{BadJid, prep};

/// Declares a newtype over shared canonical text with everything a map key and a printable value needs.
macro_rules! canonical_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The canonical text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        // Text and newtype hash and order alike, so maps can be asked by text.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::base::jid::BadJid;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
    };
}
pub(super) use canonical_text;

canonical_text! {
    /// The part before the `@`: a user name or a room name, prepared with Nodeprep.
    Localpart
}

canonical_text! {
    /// A domain in its lower-case ASCII form, or an IP address (an IPv6 one in brackets).
    Domain
}

canonical_text! {
    /// The part after the `/`: a client's resource or a nickname in a room, prepared with Resourceprep.
    Resource
}

impl Localpart {
    /// Prepares a name with the Nodeprep profile (RFC 3920 Appendix A).
    ///
    /// # Errors
    /// When nothing is left, when a character is prohibited or was not assigned in Unicode 3.2, or when the prepared
    /// name is longer than 1023 bytes.
    pub fn parse(text: &str) -> Result<Self, BadJid> {
        Ok(Self(prep::node(text)?.into()))
    }

    /// Wraps text that is its own prepared form: cut out of a prepared JID, or made of plain ASCII.
    pub(in crate::base) fn trusted(text: &str) -> Self {
        Self(text.into())
    }
}

impl Domain {
    /// Prepares a domain: IDNA to ASCII by UTS 46, lower case, no dot at the end.
    ///
    /// # Errors
    /// When it is empty or not a legal domain name.
    pub fn parse(text: &str) -> Result<Self, BadJid> {
        Ok(Self(prep::domain(text)?.into()))
    }

    /// `localhost`, the domain of a server that was not given one.
    pub fn localhost() -> Self {
        Self("localhost".into())
    }

    /// Wraps text that was cut out of a prepared JID.
    pub(super) fn trusted(text: &str) -> Self {
        Self(text.into())
    }
}

impl Resource {
    /// Prepares a resource with the Resourceprep profile (RFC 3920 Appendix B). Letter case is kept.
    ///
    /// # Errors
    /// When nothing is left, when a character is prohibited, or when the result is longer than 1023 bytes.
    pub fn parse(text: &str) -> Result<Self, BadJid> {
        Ok(Self(prep::resource(text)?.into()))
    }

    /// Wraps text that is its own prepared form by construction.
    pub(in crate::base) fn trusted(text: &str) -> Self {
        Self(text.into())
    }
}
