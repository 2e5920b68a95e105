//! What the operating system says about this process, from `/proc`. What cannot be read is left out.

use std::fs;
use std::str::FromStr;

use super::Page;
use super::instruments::precise;

/// The kernel's unit of processor time for programs, per second: 100 on every architecture of today.
const TICKS: f64 = 100.0;

/// Writes it. Reads small files of the kernel.
pub fn write(page: &mut Page) {
    let [stat, status, limits, machine] = ["self/stat", "self/status", "self/limits", "stat"].map(read);
    let of_status = |key: &str| number_behind(&status, key);
    let values = [
        ("process_cpu_seconds_total", cpu_seconds(&stat)),
        ("process_resident_memory_bytes", of_status("VmRSS:").map(|kib| kib * 1024.0)),
        ("process_open_fds", fs::read_dir("/proc/self/fd").ok().map(|files| precise(files.count() as u64))),
        ("process_max_fds", number_behind(&limits, "Max open files")),
        ("process_threads", of_status("Threads:")),
        ("process_start_time_seconds", start_time(&stat, &machine)),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            page.value(name, &[], value);
        }
    }
}

/// How nice this process is to others: -20 to 19, less being more of a claim on the processors (nice(2)).
pub fn niceness() -> Option<i32> {
    field(&read("self/stat"), 19)
}

fn read(file: &str) -> String {
    fs::read_to_string(format!("/proc/{file}")).unwrap_or_default()
}

/// The first number behind `key` at the beginning of a line.
fn number_behind(text: &str, key: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}

/// A field of `stat`, numbered as in proc(5). The name of the program, the second, may hold spaces and parentheses.
fn field<T: FromStr>(stat: &str, number: usize) -> Option<T> {
    let behind_name = stat.rsplit_once(')')?.1;
    behind_name.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((field::<f64>(stat, 14)? + field::<f64>(stat, 15)?) / TICKS)
}

fn start_time(stat: &str, machine: &str) -> Option<f64> {
    Some(number_behind(machine, "btime")? + field::<f64>(stat, 22)? / TICKS)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_a_strange_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 1234 1000 200 18446744073709551615";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(start_time(stat, "cpu 1 2\nbtime 1000\n"), Some(1012.34));
        assert_eq!((cpu_seconds(""), start_time(stat, "")), (None, None));
    }

    #[test]
    fn this_process_is_described() {
        let mut page = Page::default();
        write(&mut page);
        let text = page.finish();
        let value = |name: &str| number_behind(&text, &format!("{name} ")).unwrap();
        assert!(value("process_resident_memory_bytes") > 1e6 && value("process_threads") >= 1.0 && value("process_open_fds") > 2.0);
        assert!(value("process_max_fds") >= value("process_open_fds"));
        assert!(value("process_start_time_seconds") > 1.7e9, "{text}");
        assert!(value("process_cpu_seconds_total") < 1e6, "{text}");
    }
}
