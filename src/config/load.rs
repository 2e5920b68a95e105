//! Reading the file, and saying in one line what is wrong with it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Config;

/// Why there is no configuration. Its text is one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or a key is unknown or has a value of the wrong kind.
    #[error("{}:{line}: {key}{why}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key with its table and a colon, or nothing where the line has no key.
        key: String,
        /// What is wrong.
        why: String,
    },
    /// A value is not one that can be worked with.
    #[error("{}{key}: {why}", place(file.as_deref(), *line))]
    Unusable {
        /// The file, unless the value came from elsewhere.
        file: Option<PathBuf>,
        /// The line, from 1, when the file holds the key.
        line: Option<usize>,
        /// The key with its table.
        key: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, holds an unknown key, or a value that cannot be used.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
        Self::read(&text, file)
    }

    /// As [`load`](Self::load), of text that was read from `file`.
    pub(super) fn read(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| malformed(&error, text, file))?;
        config.check().map_err(|(key, why)| ConfigError::Unusable { file: Some(file.to_owned()), line: line_of_key(text, key), key, why })?;
        Ok(config)
    }

    /// Checks values that did not come from a file, such as after the command line has had its say.
    ///
    /// # Errors
    /// When a value cannot be used; names the key and the accepted range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let checked = self.check().and_then(|()| self.check_whole());
        checked.map_err(|(key, why)| ConfigError::Unusable { file: None, line: None, key, why })
    }
}

fn malformed(error: &toml::de::Error, text: &str, file: &Path) -> ConfigError {
    let start = error.span().map_or(0, |Range { start, .. }| start.min(text.len()));
    let line = text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count();
    let key = key_of_line(text, line).map_or_else(String::new, |key| key + ": ");
    let why = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    ConfigError::Malformed { file: file.to_owned(), line: line + 1, key, why }
}

/// The lines that set a key, as (line from 0, key with its table). Good for messages: it knows no multi-line strings.
fn keys(text: &str) -> impl Iterator<Item = (usize, String)> + '_ {
    let mut table = "";
    text.lines().enumerate().filter_map(move |(number, line)| {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            table = header.split(']').next().unwrap_or_default().trim();
            return None;
        }
        let (key, _) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
        let dot = if table.is_empty() { "" } else { "." };
        Some((number, format!("{table}{dot}{}", key.trim())))
    })
}

fn key_of_line(text: &str, line: usize) -> Option<String> {
    keys(text).find(|(number, _)| *number == line).map(|(_, key)| key)
}

fn line_of_key(text: &str, wanted: &str) -> Option<usize> {
    keys(text).find(|(_, key)| key == wanted).map(|(number, _)| number + 1)
}

fn place(file: Option<&Path>, line: Option<usize>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{}:{line}: ", file.display()),
        (Some(file), None) => format!("{}: ", file.display()),
        (None, _) => String::new(),
    }
}
