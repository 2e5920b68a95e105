//! The processes that are measured.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

/// How long a process may take to serve.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process that is killed when dropped.
pub struct Contender {
    process: Child,
    /// `host:port`.
    pub address: String,
}

impl Contender {
    /// This process, which serves at `address`.
    pub fn of(process: Child, address: String) -> Self {
        Self { process, address }
    }

    /// Its address and its process.
    pub fn server(&self) -> (&str, u32) {
        (&self.address, self.process.id())
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

/// Single-node etcd on `data`, or `None` where it is not installed.
pub fn etcd(data: &Path) -> Option<Contender> {
    let (address, peers) = (free_address(), free_address());
    let mut command = Command::new("etcd");
    command.arg("--data-dir").arg(data).args(["--log-level", "error"]);
    for (flag, address) in [
        ("--listen-client-urls", &address),
        ("--advertise-client-urls", &address),
        ("--listen-peer-urls", &peers),
        ("--initial-advertise-peer-urls", &peers),
    ] {
        command.args([flag, &format!("http://{address}")]);
    }
    command.args(["--initial-cluster", &format!("default=http://{peers}")]);
    let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let contender = Contender { process, address };
    let begin = Instant::now();
    while TcpStream::connect(&contender.address).is_err() {
        assert!(begin.elapsed() < PATIENCE, "etcd does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(contender)
}

/// The flag that makes this program the bare server.
pub const BARE: &str = "--bare";

/// A process that answers every request with `body` as JSON, and does nothing else.
pub fn bare(body: &str) -> Contender {
    let me = std::env::current_exe().expect("a program has a path");
    let mut process = Command::new(me).args([BARE, body]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut address = String::new();
    BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut address).expect("its address");
    Contender { process, address: address.trim().to_owned() }
}

/// Is the bare server: actix-web with one worker per core and a handler that only answers, with the headers that Hearth has.
pub fn serve_bare(body: &str) {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("its address"));
    let server = HttpServer::new(move || App::new().app_data(web::Data::new(body.clone())).default_service(web::to(answer)));
    let run = async { server.workers(workers).listen(listener).expect("a listener").run().await };
    actix_web::rt::System::new().block_on(run).expect("it serves");
}

async fn answer(request: HttpRequest) -> HttpResponse {
    let body = request.app_data::<web::Data<Bytes>>().expect("it was given").get_ref().clone();
    HttpResponse::Ok()
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "origin, content-type, accept, authorization"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, OPTIONS, HEAD"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "3600"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(body)
}
