//! `hearth config`

use std::path::PathBuf;

use clap::Subcommand;

use crate::config::{Config, EXAMPLE};

use super::{Failure, say};

/// What can be done with configuration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a file; says what is wrong with it, by line and key.
    Check {
        /// The file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Show a commented file with every key and its default.
    Example,
}

impl Command {
    /// Does it.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::Check { config } => {
                Config::load(&config)?;
                say(&format!("{}: good\n", config.display()))
            }
            Self::Example => say(EXAMPLE),
        }
    }
}
