#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;

fn read(text: &str) -> Result<Config, String> {
    Config::read(text, Path::new("h.toml")).map_err(|error| error.to_string())
}

/// The keys of a table and of the tables in it, as `table.key`.
fn keys(table: &toml::Table) -> Vec<String> {
    let of_entry = |(key, value): (&String, &toml::Value)| match value {
        toml::Value::Table(inner) => keys(inner).iter().map(|inner| format!("{key}.{inner}")).collect(),
        _ => vec![key.clone()],
    };
    table.iter().flat_map(of_entry).collect()
}

#[test]
fn the_example_is_the_defaults_and_shows_every_key() {
    assert_eq!(read(EXAMPLE).unwrap(), Config::default());
    let shown = keys(&EXAMPLE.parse().unwrap());
    let known = keys(&toml::Table::try_from(Config::default()).unwrap());
    assert_eq!(shown, known);
}

#[test]
fn keys_without_a_default_are_shown_as_comments() {
    let text = EXAMPLE.replace("# domain =", "domain =").replace("# listen =", "listen =");
    let config = read(&text).unwrap();
    assert_eq!(config.domain.unwrap(), "example.org");
    assert_eq!(config.metrics.listen.unwrap().to_string(), "127.0.0.1:9092");
}

#[test]
fn every_key_of_the_example_is_explained() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    for pair in lines.windows(2) {
        assert!(!pair[1].contains(" = ") || pair[0].starts_with('#'), "{}", pair[1]);
    }
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(read("").unwrap(), Config::default());
    assert!(Config::default().validate().is_ok());
}

#[test]
fn values_are_taken_over() {
    let config = read("domain = \"Example.ORG\"\n[rest]\nlisten = \"[::1]:80\"\n[limits]\ndepth = 12\n").unwrap();
    assert_eq!(config.domain.unwrap(), "example.org");
    assert_eq!(config.rest.listen.to_string(), "[::1]:80");
    assert_eq!(config.limits, Limits { depth: 12, ..Limits::default() });
}

#[test]
fn errors_name_file_line_and_key_on_one_line() {
    for (text, message) in [
        ("[rest]\nlisten = 5\n", "h.toml:2: rest.listen: invalid type: integer `5`"),
        ("\n[limits]\n\ndepht = 5\n", "h.toml:4: limits.depht: unknown field `depht`, expected one of `body_bytes`"),
        ("[limits]\ndepth = -1\n", "h.toml:2: limits.depth: invalid value: integer `-1`"),
        ("domain = \"a b\"", "h.toml:1: domain: the domain is not a legal domain name"),
        ("[store]\nengine = \"tape\"", "h.toml:2: store.engine: unknown variant `tape`"),
        ("[limitz]\n", "h.toml:1: unknown field `limitz`"),
        ("data_dir = \n", "h.toml:1: data_dir: "),
        ("[limits]\ndepth = 5\n", "h.toml:2: limits.depth: must be from 8 to 512, not 5"),
        ("[limits]\nbulk_body_bytes = 2048\n", "h.toml:2: limits.bulk_body_bytes: must not be less"),
        ("[limits]\nbody_bytes = 100000000\n", "h.toml: limits.bulk_body_bytes: must not be less"),
        ("[proxies]\ntrusted = [\"10.0.0.0/8\", \"lb\"]\n", "h.toml:2: proxies.trusted: \"lb\" is neither"),
        ("data_dir = \"\"\n", "h.toml:1: data_dir: must not be empty"),
        ("[log]\nfilter = \"loud=7x\"\n", "h.toml:2: log.filter: "),
        ("[cluster]\nlisten = \"[::1]:1\"\nseeds = [\" a:1\"]\n", "h.toml:3: cluster.seeds: \" a:1\" is not host:port"),
        ("[cluster]\nlisten = \"[::1]:1\"\nseeds = [\"http://a:1\"]\n", "h.toml:3: cluster.seeds: \"http://a:1\" is not host:port"),
        ("[cluster]\nlisten = \"[::1]:1\"\nadvertise = \"[::]:1\"\n", "h.toml:3: cluster.advertise: \"[::]:1\" is no address"),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.starts_with(message) && !said.contains('\n'), "{text:?} said {said:?}");
        assert!(said.len() > message.len() || !message.ends_with(": "), "{said:?}");
    }
}

#[test]
fn a_file_is_loaded_or_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("h.toml");
    let missing = Config::load(&file).unwrap_err().to_string();
    assert!(missing.starts_with(&file.display().to_string()) && missing.contains("No such file"), "{missing}");
    std::fs::write(&file, "[userservice]\nenabled = false\n").unwrap();
    assert!(!Config::load(&file).unwrap().userservice.enabled);
}

#[test]
fn values_from_elsewhere_are_named_by_key_alone() {
    let config = Config { hashing: Hashing { queue: 0, ..Hashing::default() }, ..Config::default() };
    let said = config.validate().unwrap_err().to_string();
    assert_eq!(said, "hashing.queue: must be from 1 to 100000000, not 0");
    let cluster = Cluster { seeds: vec!["a:1".to_owned()], ..Cluster::default() };
    let said = Config { cluster, ..Config::default() }.validate().unwrap_err().to_string();
    assert_eq!(said, "cluster.listen: is needed for a node of a cluster; without it this one would stand alone");
    assert!(read("[cluster]\nseeds = [\"a:1\"]\n").is_ok(), "the command line may say where it listens");
}

#[test]
fn zero_threads_are_one_per_processor() {
    assert!(Rest::default().worker_threads() >= 1 && Hashing::default().pool_threads() >= 1);
    assert_eq!(Rest { workers: 3, ..Rest::default() }.worker_threads(), 3);
}
