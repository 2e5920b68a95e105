//! A small HTTP/1.1 client that keeps its connection: just enough to load a server without costing much itself.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::rest::{Response, parse};

/// One connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer: its status, and how long its head and body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Bytes of the head.
    pub head: usize,
    /// Bytes of the body as sent.
    pub body: usize,
}

enum Body {
    Length(usize),
    Chunked,
}

impl Connection {
    /// Connects to `host:port`.
    pub async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a whole request and reads the whole answer, of which nothing but the size is told.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        let answer = self.exchange(request).await?;
        self.buffer.drain(..answer.head + answer.body);
        Ok(answer)
    }

    /// Sends a whole request and gives the whole answer.
    pub async fn fetch(&mut self, request: &[u8]) -> io::Result<Response> {
        let answer = self.exchange(request).await?;
        let bytes: Vec<u8> = self.buffer.drain(..answer.head + answer.body).collect();
        parse(&bytes, false).ok_or_else(|| io::Error::other("not an HTTP answer"))
    }

    /// Sends a request and reads until the whole answer is in the buffer.
    async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        let (status, head, body) = loop {
            if let Some(found) = head(&self.buffer)? {
                break found;
            }
            self.more().await?;
        };
        let end = match body {
            Body::Length(length) => {
                while self.buffer.len() < head + length {
                    self.more().await?;
                }
                head + length
            }
            Body::Chunked => self.chunks(head).await?,
        };
        Ok(Answer { status, head, body: end - head })
    }

    /// The end of a chunked body that begins at `at`.
    async fn chunks(&mut self, mut at: usize) -> io::Result<usize> {
        loop {
            let line = loop {
                match self.buffer[at..].windows(2).position(|two| two == b"\r\n") {
                    Some(length) => break length,
                    None => self.more().await?,
                }
            };
            let digits = std::str::from_utf8(&self.buffer[at..at + line]).map_err(io::Error::other)?;
            let size = usize::from_str_radix(digits.trim(), 16).map_err(io::Error::other)?;
            let end = at + line + 2 + size + 2;
            while self.buffer.len() < end {
                self.more().await?;
            }
            at = end;
            if size == 0 {
                return Ok(at);
            }
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
        }
        Ok(())
    }
}

/// Status, length of the head, and kind of body, once the head is whole.
fn head(buffer: &[u8]) -> io::Result<Option<(u16, usize, Body)>> {
    let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&buffer[..end]).map_err(io::Error::other)?;
    let status = text.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(|| io::Error::other("not an HTTP answer"))?;
    let mut body = Body::Length(0);
    for line in text.lines().skip(1) {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            body = Body::Length(value.trim().parse().map_err(io::Error::other)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            body = Body::Chunked;
        }
    }
    Ok(Some((status, end + 4, body)))
}

/// A request as bytes.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: bench\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}
