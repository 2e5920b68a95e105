//! A small HTTP client for the commands that ask a running node.

use std::time::Duration;

use serde::Deserialize;
use ureq::http::{Method, Request};

use crate::base::secrets::Secret;

use super::Failure;

/// The largest answer that is read, in bytes.
const ANSWER_MAX: u64 = 64 << 20;

/// Asks one node. Speaks plain HTTP, follows no redirect, and asks no proxy.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    secret: Option<Secret>,
}

/// What a node answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Client {
    /// A client of the node at `url`, such as `http://127.0.0.1:9090`, that waits for an answer as long as `patience` says;
    /// `secret` is sent with every request.
    ///
    /// # Errors
    /// The address does not begin with `http://`.
    pub fn new(url: &str, patience: Duration, secret: Option<Secret>) -> Result<Self, Failure> {
        if !url.starts_with("http://") {
            return Err(format!("{url:?} is not an address that begins with http://").into());
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(patience))
            .max_redirects(0)
            .proxy(None)
            .user_agent(concat!("hearth/", env!("CARGO_PKG_VERSION")))
            .accept("application/json");
        Ok(Self { agent: config.build().new_agent(), base: url.trim_end_matches('/').to_owned(), secret })
    }

    /// `GET`, whatever the status.
    ///
    /// # Errors
    /// The node cannot be reached, or does not answer in time or in HTTP.
    pub fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send(Method::GET, path)
    }

    /// `POST` without a body, whatever the status.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post(&self, path: &str) -> Result<Answer, Failure> {
        self.send(Method::POST, path)
    }

    /// `DELETE`, whatever the status.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn delete(&self, path: &str) -> Result<Answer, Failure> {
        self.send(Method::DELETE, path)
    }

    fn send(&self, method: Method, path: &str) -> Result<Answer, Failure> {
        let url = format!("{}{path}", self.base);
        let failed = |error: ureq::Error| -> Failure { format!("{url}: {}", in_words(&error)).into() };
        let mut request = Request::builder().method(method).uri(&url);
        if let Some(secret) = &self.secret {
            request = request.header("Authorization", secret.expose());
        }
        let request = request.body(()).map_err(|error| failed(error.into()))?;
        let mut response = self.agent.run(request).map_err(failed)?;
        let body = response.body_mut().with_config().limit(ANSWER_MAX).read_to_string().map_err(failed)?;
        Ok(Answer { status: response.status().as_u16(), body })
    }
}

/// What went wrong, without the words of the client that it came through.
fn in_words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        other => other.to_string(),
    }
}

impl Answer {
    /// The body of a success.
    ///
    /// # Errors
    /// Any other status: one line with it and with what the node said.
    pub fn success(self) -> Result<String, Failure> {
        match self.status {
            200..=299 => Ok(self.body),
            401 => Err(format!("the node answered 401{}; HEARTH_API_SECRET must be its API secret", self.said()).into()),
            status => Err(format!("the node answered {status}{}", self.said()).into()),
        }
    }

    /// What an error entity says, as the end of a sentence.
    fn said(&self) -> String {
        #[derive(Deserialize)]
        struct Entity {
            message: String,
        }
        let entity = serde_json::from_str::<Entity>(&self.body);
        entity.map_or_else(|_| String::new(), |entity| format!(": {}", entity.message.replace(['\r', '\n'], " ")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request with `answer`; gives its address, and the head that was sent to it.
    fn server(answer: &'static str) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head = lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            stream.write_all(answer.as_bytes()).unwrap();
            head
        });
        (url, serving)
    }

    fn client(url: &str) -> Client {
        Client::new(url, Duration::from_secs(5), Some(Secret::new("s3cret"))).unwrap()
    }

    #[test]
    fn method_path_and_secret_are_sent() {
        type Send = fn(&Client, &str) -> Result<Answer, Failure>;
        for (name, send) in [("GET", Client::get as Send), ("POST", Client::post), ("DELETE", Client::delete)] {
            let (url, serving) = server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
            assert_eq!(send(&client(&url), "/a?b=c").unwrap().success().unwrap(), "hi");
            let head = serving.join().unwrap();
            assert_eq!(head[0], format!("{name} /a?b=c HTTP/1.1"));
            assert!(head.iter().any(|line| line.eq_ignore_ascii_case("authorization: s3cret")), "{head:?}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_node() {
        let (url, _) = server("HTTP/1.1 503 No\r\nContent-Length: 27\r\nConnection: close\r\n\r\n{\"message\":\"no\\nmajority\"}  ");
        assert_eq!(client(&url).get("/").unwrap().success().unwrap_err().to_string(), "the node answered 503: no majority");
        let (url, _) = server("HTTP/1.1 302 Away\r\nLocation: /b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert_eq!(client(&url).get("/").unwrap().success().unwrap_err().to_string(), "the node answered 302");
    }

    #[test]
    fn what_cannot_be_reached_is_named_on_one_line() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let said = client(&format!("http://{free}")).get("/x").unwrap_err().to_string();
        assert!(said.starts_with(&format!("http://{free}/x: ")) && said.contains("refused") && !said.contains('\n'), "{said}");
        let said = Client::new("https://x", Duration::ZERO, None).err().unwrap().to_string();
        assert!(said.contains("https://x") && said.contains("http://"), "{said}");
    }
}
