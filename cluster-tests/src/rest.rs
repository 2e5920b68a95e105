//! A REST client that sends exactly the bytes it is told to, so that tests can say what real clients and bad ones send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::cluster::wait_for;

/// Where the API lives.
pub const BASE: &str = "/plugins/restapi/v1";

/// How long an answer may take, unless a client says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client of one node. Every request has its own connection.
#[derive(Clone, Debug)]
pub struct Client {
    address: String,
    headers: Vec<(String, String)>,
    patience: Duration,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded if it came in chunks.
    pub body: Vec<u8>,
}

/// Asks until the answer is not 503: a node that the machine has kept waiting may be out of contact with a majority for a moment, and
/// says so.
#[track_caller]
pub fn served(mut ask: impl FnMut() -> Response) -> Response {
    wait_for("a node to serve", PATIENCE, || {
        let answer = ask();
        if answer.status == 503 { Err(answer.text()) } else { Ok(answer) }
    })
}

impl Client {
    /// A client of the node at `address`.
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), headers: Vec::new(), patience: PATIENCE }
    }

    /// With another header in every request.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Waiting no longer than this for each piece of an answer.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// With basic authentication.
    #[must_use]
    pub fn basic(self, name: &str, password: &str) -> Self {
        let encoded = STANDARD.encode(format!("{name}:{password}"));
        self.header("Authorization", &format!("Basic {encoded}"))
    }

    /// Asking for JSON.
    #[must_use]
    pub fn json(self) -> Self {
        self.header("Accept", "application/json")
    }

    /// Asking for XML.
    #[must_use]
    pub fn xml(self) -> Self {
        self.header("Accept", "application/xml")
    }

    /// `GET` of a path below the base.
    pub fn get(&self, path: &str) -> Response {
        self.send("GET", path, None)
    }

    /// `DELETE` of a path below the base.
    pub fn delete(&self, path: &str) -> Response {
        self.send("DELETE", path, None)
    }

    /// `POST` without a body.
    pub fn post(&self, path: &str) -> Response {
        self.send("POST", path, None)
    }

    /// A request below the base with a body, its type told by how it begins: `<` is XML, anything else JSON.
    pub fn body(&self, method: &str, path: &str, body: &str) -> Response {
        let kind = if body.starts_with('<') { "application/xml" } else { "application/json" };
        self.send(method, path, Some((kind, body.as_bytes())))
    }

    /// A request below the base.
    pub fn send(&self, method: &str, path: &str, body: Option<(&str, &[u8])>) -> Response {
        self.absolute(method, &format!("{BASE}{path}"), body)
    }

    /// A request to a path anywhere.
    pub fn absolute(&self, method: &str, target: &str, body: Option<(&str, &[u8])>) -> Response {
        self.try_absolute(method, target, body).unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    /// As [`Client::absolute`], where the connection may break.
    ///
    /// # Errors
    /// The connection broke before the answer was whole.
    pub fn try_absolute(&self, method: &str, target: &str, body: Option<(&str, &[u8])>) -> std::io::Result<Response> {
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address).into_bytes();
        for (name, value) in &self.headers {
            request.extend(format!("{name}: {value}\r\n").bytes());
        }
        if let Some((kind, bytes)) = body {
            if !kind.is_empty() {
                request.extend(format!("Content-Type: {kind}\r\n").bytes());
            }
            request.extend(format!("Content-Length: {}\r\n", bytes.len()).bytes());
        }
        request.extend(b"\r\n");
        request.extend(body.map_or(&b""[..], |(_, bytes)| bytes));
        self.raw(&request, method == "HEAD")
    }

    /// Sends these bytes and reads the answer.
    ///
    /// # Errors
    /// The connection broke before the answer was whole.
    pub fn raw(&self, request: &[u8], head: bool) -> std::io::Result<Response> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        // A server may refuse a long body before it is sent; its answer counts.
        let sent = stream.write_all(request);
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(_) if !answer.is_empty() => {}
            Err(error) => return Err(sent.err().unwrap_or(error)),
        }
        parse(&answer, head).ok_or_else(|| std::io::Error::other(format!("not an answer: {:?}", String::from_utf8_lossy(&answer))))
    }
}

/// An answer from its bytes; `None` where they are not a whole one. The answer to `HEAD` has no body, whatever it announces.
pub fn parse(answer: &[u8], head: bool) -> Option<Response> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(&answer[..end]).ok()?.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    let mut response = Response { status, headers: lines.filter_map(header).collect(), body: Vec::new() };
    let rest = &answer[end + 4..];
    response.body = if response.header("transfer-encoding") == Some("chunked") && !head { dechunk(rest)? } else { rest.to_vec() };
    let announced = response.header("content-length").and_then(|length| length.parse::<usize>().ok());
    (head || announced.is_none_or(|length| length == response.body.len())).then_some(response)
}

fn dechunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length + 2..)?;
    }
}

impl Response {
    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("bodies are UTF-8")
    }

    /// The body as JSON.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Fails the test unless the answer is this success without a body.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if status < 400 {
            assert_eq!(self.text(), "");
            assert_eq!(self.header("content-type"), None);
        }
        self
    }

    /// Fails the test unless the answer is 200 with exactly this body, in the type that it looks like.
    #[track_caller]
    pub fn says(&self, body: &str) -> &Self {
        assert_eq!((self.status, self.text().as_str()), (200, body));
        let kind = if body.starts_with('<') { "application/xml" } else { "application/json" };
        assert_eq!(self.header("content-type"), Some(kind));
        self
    }

    /// Fails the test unless the answer is this error, as the standard entity in the type it is labelled with.
    #[track_caller]
    pub fn fails(&self, status: u16, exception: &str, message: &str, resource: &str) -> &Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        let body = match self.header("content-type") {
            Some("application/json") => {
                let text = |text: &str| Value::from(text).to_string();
                format!("{{\"resource\":{},\"message\":{},\"exception\":{}}}", text(resource), text(message), text(exception))
            }
            Some("application/xml") => {
                let text = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let [exception, message, resource] = [exception, message, resource].map(text);
                let prolog = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
                format!("{prolog}<error><exception>{exception}</exception><message>{message}</message><resource>{resource}</resource></error>")
            }
            other => panic!("an error is XML or JSON, not {other:?}"),
        };
        assert_eq!(self.text(), body);
        self
    }
}
