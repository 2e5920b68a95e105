//! What a node says about itself: no secrets, and in lines that machines can read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cluster_tests::Node;
use cluster_tests::node::{PASSWORD, SECRET, binary, serve};

#[test]
fn no_secret_is_in_any_line_at_any_level() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = serve(dir.path());
    command.env("HEARTH_LOG", "trace");
    let node = Node::spawn(command, dir.path());
    let (own, wrong) = ("her-own-password-77", "not-the-password-78");
    let basic = |password: &str| node.stranger().basic("admin", password);
    node.client().body("POST", "/users", &format!(r#"{{"username":"ann","password":"{own}"}}"#)).is(201);
    node.client().body("POST", "/users", &format!("<user><username>bob</username><password>{own}</password></user>")).is(201);
    node.client().body("PUT", "/users/ann", &format!(r#"{{"username":"ann","password":"{wrong}-2"}}"#)).is(200);
    assert_eq!(basic(PASSWORD).get("/users/ann").status, 200);
    assert_eq!(basic(wrong).get("/users/ann").status, 401);
    assert_eq!(node.stranger().header("Authorization", "not-the-secret-79").get("/users/ann").status, 401);
    assert_eq!(node.client().body("POST", "/users", &format!("{{\"password\":\"{own}\" oops")).status, 400);
    let log = node.log();
    assert!(log.lines().count() > 50, "trace says a lot");
    let encoded = |password: &str| STANDARD.encode(format!("admin:{password}"));
    for secret in [PASSWORD, SECRET, own, wrong, "not-the-secret-79", &encoded(PASSWORD), &encoded(wrong)] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in {line:?}");
    }
    for line in log.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(value["level"].is_string() && value["timestamp"].is_string(), "{line}");
    }
}

/// A command to serve that is given no secrets; what it says on the terminal goes to a file.
fn unfurnished(data: &Path, shown: &Path) -> Command {
    let mut command = Command::new(binary());
    command.args(["serve", "--rest-listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    command.env_remove("HEARTH_ADMIN_PASSWORD").env_remove("HEARTH_API_SECRET").env_remove("HEARTH_LOG");
    command.stdin(Stdio::null()).stdout(fs::File::create(shown).unwrap()).stderr(Stdio::piped());
    command
}

#[test]
fn made_secrets_are_shown_once_and_kept_for_the_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (data, shown) = (dir.path().join("data"), dir.path().join("shown"));
    let node = Node::spawn(unfurnished(&data, &shown), &data);
    let said = fs::read_to_string(&shown).unwrap();
    let after = |what: &str| said.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_else(|| panic!("{said}")).to_owned();
    let (password, secret) = (after("Password of the administrator `admin`: "), after("API secret: "));
    assert!(password.len() >= 16 && secret.len() >= 16 && password != secret);
    assert_eq!(node.stranger().basic("admin", &password).get("/users/admin").status, 200);
    assert_eq!(node.stranger().header("Authorization", &secret).get("/users/admin").status, 200);
    let file = data.join("secrets.toml");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = fs::read_to_string(&file).unwrap();
    assert!(kept.contains(&password) && kept.contains(&secret));
    for line in node.log().lines() {
        assert!(!line.contains(&password) && !line.contains(&secret), "{line}");
    }
    node.stop();

    let node = Node::spawn(unfurnished(&data, &shown), &data);
    assert_eq!(fs::read_to_string(&shown).unwrap(), "", "the second start shows nothing");
    assert_eq!(node.stranger().basic("admin", &password).get("/users/admin").status, 200);
    assert!(!node.log().contains(&password) && !node.log().contains(&secret));
}

#[test]
fn given_secrets_are_not_kept_in_a_file() {
    let node = Node::start();
    assert!(!node.data().join("secrets.toml").exists());
    for (name, bytes) in super::tools::files(node.data()) {
        let has = |secret: &str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!has(PASSWORD), "the password is in {name}");
    }
}
