//! Passwords on their way through: never printed, compared in constant time.

use std::fmt;

use subtle::ConstantTimeEq;

/// A password as received. [`Secret::expose`] is the only way to see it.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// The password itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The password itself, taken out.
    pub fn into_exposed(self) -> String {
        self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(password: T) -> Self {
        Self(password.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}
