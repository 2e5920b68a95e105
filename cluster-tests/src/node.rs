//! One node: a process, its data directory, and its end.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::rest::Client;

/// Password of `admin` on every node of a test.
pub const PASSWORD: &str = "test-password";
/// API secret on every node of a test.
pub const SECRET: &str = "test-secret-0123";
/// The XMPP domain of every node of a test.
pub const DOMAIN: &str = "example.org";

/// How long a node may take to serve, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running node. Killed when dropped.
pub struct Node {
    process: Child,
    data: PathBuf,
    /// `host:port` of its REST API.
    pub address: String,
    log: Arc<Mutex<String>>,
    // Dropped last: the directory goes with the node that made it.
    _own_data: Option<TempDir>,
}

/// The `hearth` binary: `HEARTH_BIN`, or the one built beside this test or program.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("HEARTH_BIN") {
        return path.into();
    }
    let me = std::env::current_exe().expect("a test has a path");
    // A test lives in target/<profile>/deps, a program one level higher.
    let built = me.ancestors().skip(1).take(2).map(|dir| dir.join("hearth")).find(|built| built.exists());
    built.expect("hearth is not built: run `make test`, or `cargo build` first")
}

/// A command to serve from `data` on a free port, with the secrets of every test.
pub fn serve(data: &Path) -> Command {
    serve_at(data, "127.0.0.1:0")
}

/// As [`serve`], at this address.
pub fn serve_at(data: &Path, address: &str) -> Command {
    let mut command = Command::new(binary());
    command.args(["serve", "--rest-listen", address, "--domain", DOMAIN, "--data-dir"]).arg(data);
    command.env("HEARTH_ADMIN_PASSWORD", PASSWORD).env("HEARTH_API_SECRET", SECRET).env_remove("HEARTH_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

impl Node {
    /// Starts a node on a new data directory.
    pub fn start() -> Self {
        let own = tempfile::tempdir().expect("a temporary directory");
        let mut node = Self::start_on(own.path());
        node._own_data = Some(own);
        node
    }

    /// Starts a node on a data directory that outlives it.
    pub fn start_on(data: &Path) -> Self {
        Self::spawn(serve(data), data)
    }

    /// Starts a node with a configuration file of this text.
    pub fn configured(config: &str) -> Self {
        let own = tempfile::tempdir().expect("a temporary directory");
        let file = own.path().join("hearth.toml");
        std::fs::write(&file, config).expect("a configuration file");
        let data = own.path().join("data");
        let mut command = serve(&data);
        command.arg("--config").arg(file);
        let mut node = Self::spawn(command, &data);
        node._own_data = Some(own);
        node
    }

    /// Starts `command` and waits until it says where it serves.
    pub fn spawn(command: Command, data: &Path) -> Self {
        Launched::new(command, data).serving()
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What it has logged so far; the start of it, where that is long.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Its address and its process.
    pub fn server(&self) -> (&str, u32) {
        (&self.address, self.pid())
    }

    /// Sends the process a signal, by its name as kill(1) knows it.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Whether the process has ended by itself, and how.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("a child's status")
    }

    /// A client with the API secret.
    pub fn client(&self) -> Client {
        Client::new(&self.address).header("Authorization", SECRET)
    }

    /// A client without credentials.
    pub fn stranger(&self) -> Client {
        Client::new(&self.address)
    }

    /// Ends the process at once, as a crash would.
    pub fn kill(mut self) {
        self.process.kill().expect("a running process can be killed");
        self.process.wait().expect("a killed process ends");
    }

    /// The same as [`Node::stop`], and all it has logged.
    pub fn stop_and_tell(self) -> (ExitStatus, String) {
        let log = Arc::clone(&self.log);
        let status = self.stop();
        let log = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (status, log)
    }

    /// Tells the process to stop, and waits until it has.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        let since = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "hearth does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A process that has been started and need not serve yet. Killed when dropped.
pub struct Launched {
    process: Option<Child>,
    data: PathBuf,
    log: Arc<Mutex<String>>,
    told: mpsc::Receiver<Result<String, String>>,
}

impl Launched {
    /// Starts `command`.
    pub fn new(mut command: Command, data: &Path) -> Self {
        let mut process = command.spawn().expect("hearth starts");
        let lines = BufReader::new(process.stderr.take().expect("its log is piped"));
        let (tell, told) = mpsc::channel();
        let log = Arc::<Mutex<String>>::default();
        let page = Arc::clone(&log);
        std::thread::spawn(move || follow(lines, &tell, &page));
        Self { process: Some(process), data: data.to_owned(), log, told }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it says where it serves.
    pub fn serving(mut self) -> Node {
        match self.told.recv_timeout(PATIENCE) {
            Ok(Ok(address)) => {
                let process = self.process.take().expect("it was started");
                Node { process, data: self.data.clone(), address, log: Arc::clone(&self.log), _own_data: None }
            }
            Ok(Err(log)) => panic!("hearth ended instead of serving:\n{log}"),
            Err(_) => panic!("hearth does not serve after {PATIENCE:?}:\n{}", self.log()),
        }
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Sends a process a signal, by its name as kill(1) knows it.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().expect("kill(1)");
    assert!(sent.success(), "no process {pid} to send {name}");
}

/// Runs a command that is to fail, and gives its exit code and what it said.
pub fn refused(mut command: Command) -> (Option<i32>, String) {
    let mut process = command.spawn().expect("hearth starts");
    let mut stderr = process.stderr.take().expect("its log is piped");
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = String::new();
        let _ = stderr.read_to_string(&mut said);
        let _ = tell.send(said);
    });
    match told.recv_timeout(PATIENCE) {
        Ok(said) => (process.wait().expect("it ends").code(), said),
        Err(_) => {
            let _ = process.kill();
            let said = told.recv().unwrap_or_default();
            panic!("hearth runs although it should refuse to:\n{said}");
        }
    }
}

/// How much of a log is kept, in bytes.
const LOG_KEPT: usize = 64 << 20;

/// Reads the log: tells the address once it is served, or the whole log when that does not come. Keeps the pipe empty.
fn follow(lines: impl BufRead, tell: &mpsc::Sender<Result<String, String>>, page: &Mutex<String>) {
    let mut serving = false;
    for line in lines.lines().map_while(Result::ok) {
        if std::env::var_os("HEARTH_TEST_LOG").is_some() {
            eprintln!("{line}");
        }
        let mut log = page.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() < LOG_KEPT {
            log.push_str(&line);
            log.push('\n');
        }
        drop(log);
        if let Some((_, rest)) = line.split_once("serving http://").filter(|_| !serving) {
            serving = true;
            let _ = tell.send(Ok(rest.split('/').next().unwrap_or_default().to_owned()));
        }
    }
    if !serving {
        let _ = tell.send(Err(page.lock().unwrap_or_else(PoisonError::into_inner).clone()));
    }
}
