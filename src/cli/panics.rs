//! What a panic says. A panic is a bug or a broken invariant and ends the process; of sled's, most are its way to say that
//! its files are damaged.

use std::panic::PanicHookInfo;

/// How the engine's own source files are called in a panic's location.
const ENGINE: &str = "sled-0.34";

/// Makes a panic say one line on standard error. One of the log engine ends the process like any other failure, any other
/// aborts it, whatever the build does about panics: nothing runs on beside a broken invariant.
pub fn tell_in_one_line() {
    std::panic::set_hook(Box::new(|info| {
        let line = line(info);
        eprintln!("hearth: {line}");
        if is_of_engine(info) {
            std::process::exit(1);
        }
        std::process::abort();
    }));
}

fn is_of_engine(info: &PanicHookInfo<'_>) -> bool {
    info.location().is_some_and(|at| at.file().contains(ENGINE))
}

fn line(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let what = text.unwrap_or("no message").split_whitespace().collect::<Vec<_>>().join(" ");
    let at = info.location().map_or_else(String::new, |at| format!(" at {}:{}", file_name(at.file()), at.line()));
    if is_of_engine(info) {
        return format!("the store in the data directory is damaged (sled{at}: {what}); it is not repaired by guessing: {REMEDY}");
    }
    format!("a broken invariant ends the process ({what}{at}); the data directory is as it was at the last write")
}

const REMEDY: &str = "move the directory away and let the node join anew, or restore it from a backup";

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
