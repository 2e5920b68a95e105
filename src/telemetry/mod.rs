//! Floor 0: how the process tells what it does. Tracing to standard error: lines for people on a terminal, JSON
//! elsewhere. What is secret is masked by its type, long before it could come here.

pub mod metrics;
mod seldom;

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

pub use seldom::Seldom;

/// The environment variable whose filter has precedence over the configured one.
pub const FILTER_VARIABLE: &str = "HEARTH_LOG";

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("{from}: {why}")]
    BadFilter {
        /// Where it came from: the variable or the key.
        from: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The process has logging already.
    #[error("logging is already set up")]
    AlreadyStarted,
}

/// Sets up logging for the whole process, once.
///
/// # Errors
/// When the filter of `HEARTH_LOG` or of the configuration cannot be read, or logging has been set up before.
pub fn start(log: &Log) -> Result<(), TelemetryError> {
    let from_environment = std::env::var(FILTER_VARIABLE).ok();
    let filter = filter(from_environment.as_deref(), log)?;
    let terminal = std::io::stderr().is_terminal();
    subscriber(look(log.format, terminal), filter, std::io::stderr).try_init().map_err(|_| TelemetryError::AlreadyStarted)
}

/// An empty variable counts as none.
fn filter(variable: Option<&str>, log: &Log) -> Result<EnvFilter, TelemetryError> {
    let (from, text) = match variable {
        Some(text) if !text.trim().is_empty() => (FILTER_VARIABLE, text),
        _ => ("log.filter", log.filter.as_str()),
    };
    EnvFilter::try_new(text).map_err(|error| TelemetryError::BadFilter { from, why: error.to_string() })
}

/// How lines look, decided.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    Colored,
    Plain,
    Json,
}

fn look(format: LogFormat, terminal: bool) -> Look {
    match (format, terminal) {
        (LogFormat::Auto | LogFormat::Human, true) => Look::Colored,
        (LogFormat::Human, false) => Look::Plain,
        (LogFormat::Auto, false) | (LogFormat::Json, _) => Look::Json,
    }
}

fn subscriber<W>(look: Look, filter: EnvFilter, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match look {
        Look::Json => Box::new(lines.json().flatten_event(true).finish()),
        Look::Colored => Box::new(lines.with_ansi(true).finish()),
        Look::Plain => Box::new(lines.with_ansi(false).finish()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(look: Look, filter: &str) -> String {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = subscriber(look, EnvFilter::new(filter), move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(port = 9090, secret = ?crate::base::secrets::Secret::new("hunter2"), "listening");
            tracing::debug!("details");
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_is_one_object_per_line() {
        let lines = logged(Look::Json, "info");
        let line: serde_json::Value = serde_json::from_str(&lines).unwrap();
        assert_eq!((&line["message"], &line["port"], &line["level"]), (&"listening".into(), &9090.into(), &"INFO".into()));
        assert!(!lines.contains("hunter2"));
    }

    #[test]
    fn people_get_plain_lines_and_colour_only_on_a_terminal() {
        let plain = logged(Look::Plain, "debug");
        assert!(plain.contains("listening") && plain.contains("port=9090") && plain.contains("details"));
        assert!(!plain.contains('\u{1b}') && logged(Look::Colored, "info").contains('\u{1b}'));
    }

    #[test]
    fn the_look_follows_the_terminal_unless_told() {
        assert_eq!(look(LogFormat::Auto, true), Look::Colored);
        assert_eq!(look(LogFormat::Auto, false), Look::Json);
        assert_eq!(look(LogFormat::Human, false), Look::Plain);
        assert_eq!(look(LogFormat::Json, true), Look::Json);
    }

    #[test]
    fn the_variable_has_precedence_and_errors_name_the_source() {
        let log = Log { filter: "hearth=oops".to_owned(), ..Log::default() };
        assert_eq!(filter(Some("warn"), &log).unwrap().to_string(), "warn");
        assert!(filter(Some(" "), &log).unwrap_err().to_string().starts_with("log.filter: "));
        assert!(filter(Some("a=oops"), &Log::default()).unwrap_err().to_string().starts_with("HEARTH_LOG: "));
    }
}
