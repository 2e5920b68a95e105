//! Concurrent clients that write until the node is gone, and know what each must find afterwards.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cluster_tests::{Client, Node};

use super::tools::Dice;

/// A client that writes to users of its own: what it was told is in `value` and `alive`; what it was not told, in `pending`.
pub struct Writer {
    name: String,
    dice: Dice,
    /// Counts its writes, over all its life: the n-th write carries n in every field.
    n: u64,
    value: u64,
    /// Users made in bulk that must be there: the write that made them.
    batches: Vec<u64>,
    pending: Option<Write>,
    /// How many changes were acknowledged.
    pub acknowledged: u64,
}

#[derive(Clone, Debug)]
enum Write {
    /// All fields of the writer's user become n.
    Update(u64),
    /// Two users are made at once.
    Create(u64),
    /// The users of the oldest batch: one of them is deleted, the other locked out.
    Delete(u64, u64),
    Lock(u64, u64),
}

impl Write {
    fn key(&self, name: &str) -> String {
        match self {
            Self::Update(n) | Self::Create(n) | Self::Delete(n, _) | Self::Lock(n, _) => format!("{name}-{n}"),
        }
    }
}

fn first(name: &str, n: u64) -> String {
    format!("{name}-b{n}-one")
}

fn second(name: &str, n: u64) -> String {
    format!("{name}-b{n}-two")
}

impl Writer {
    /// Makes the writer's user.
    pub fn new(name: &str, dice: Dice, client: &Client) -> Self {
        let mut writer = Self { name: name.to_owned(), dice, n: 0, value: 0, batches: Vec::new(), pending: None, acknowledged: 1 };
        let user = writer.user(0, Some("secret"));
        client.body("POST", "/users", &user).is(201);
        writer.n = 1;
        writer
    }

    fn user(&self, n: u64, password: Option<&str>) -> String {
        let password = password.map_or_else(String::new, |password| format!(r#","password":"{password}""#));
        format!(
            r#"{{"username":"{}","name":"{n}","email":"{n}@example.org","properties":[{{"key":"a","value":"{n}"}},{{"key":"b","value":"{n}"}}]{password}}}"#,
            self.name
        )
    }

    /// Writes until told to stop or the node is gone.
    pub fn run(&mut self, client: &Client, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let write = self.choose();
            self.pending = Some(write.clone());
            match self.send(client, &write) {
                Ok(()) => self.done(),
                Err(()) => return,
            }
        }
    }

    fn choose(&mut self) -> Write {
        let n = self.n;
        self.n += 1;
        match self.dice.roll(20) {
            0 => Write::Create(n),
            1 if !self.batches.is_empty() => Write::Delete(n, self.batches[0]),
            2 if !self.batches.is_empty() => Write::Lock(n, self.batches[0]),
            _ => Write::Update(n),
        }
    }

    /// Sends a write under its key. An answer that is not a success fails the test, no answer is an error.
    fn send(&self, client: &Client, write: &Write) -> Result<(), ()> {
        let client = client.clone().header("Idempotency-Key", &write.key(&self.name));
        let (name, own) = (&self.name, format!("/plugins/restapi/v1/users/{}", self.name));
        let json = |text: &str| Some(("application/json".to_owned(), text.to_owned()));
        let (method, path, body) = match write {
            Write::Update(n) => ("PUT", own, json(&self.user(*n, None))),
            Write::Create(n) => {
                let user = |name: String| format!(r#"{{"username":"{name}","password":"p"}}"#);
                let users = format!(r#"{{"users":[{},{}]}}"#, user(first(name, *n)), user(second(name, *n)));
                ("POST", "/plugins/restapi/v1/users".to_owned(), json(&users))
            }
            Write::Delete(_, batch) => ("DELETE", format!("/plugins/restapi/v1/users/{}", first(name, *batch)), None),
            Write::Lock(_, batch) => ("POST", format!("/plugins/restapi/v1/lockouts/{}", second(name, *batch)), None),
        };
        let body = body.as_ref().map(|(kind, text)| (kind.as_str(), text.as_bytes()));
        let answer = client.try_absolute(method, &path, body).map_err(drop)?;
        assert!(answer.status < 300, "{write:?}: {} {}", answer.status, answer.text());
        Ok(())
    }

    fn done(&mut self) {
        match self.pending.take() {
            Some(Write::Update(n)) => self.value = n,
            Some(Write::Create(n)) => self.batches.push(n),
            Some(Write::Delete(_, batch)) => self.batches.retain(|n| *n != batch),
            Some(Write::Lock(..)) | None => {}
        }
        self.acknowledged += 1;
    }

    /// Whether everything acknowledged is there, and nothing else but what was under way, and that whole or not at all.
    pub fn check(&self, client: &Client) {
        let client = client.clone().json();
        let found = client.get(&format!("/users/{}", self.name)).value();
        let n: u64 = found["name"].as_str().unwrap().parse().unwrap();
        let expected: serde_json::Value = serde_json::from_str(&self.user(n, None)).unwrap();
        assert_eq!(found, expected, "half a write");
        let under_way = matches!(self.pending, Some(Write::Update(pending)) if pending == n);
        assert!(n == self.value || under_way, "{}: {n} is there, {} was acknowledged, {:?} was under way", self.name, self.value, self.pending);
        for batch in &self.batches {
            let deleting = matches!(self.pending, Some(Write::Delete(_, pending)) if pending == *batch);
            let exists = |name: String| client.get(&format!("/users/{name}")).status == 200;
            assert!(exists(first(&self.name, *batch)) || deleting, "batch {batch} of {} was acknowledged", self.name);
            assert!(exists(second(&self.name, *batch)), "batch {batch} of {} was acknowledged", self.name);
        }
        if let Some(Write::Create(n)) = self.pending {
            let status = |name: String| client.get(&format!("/users/{name}")).status;
            assert_eq!(status(first(&self.name, n)), status(second(&self.name, n)), "half a bulk creation");
        }
    }

    /// Sends again what was under way, under the same key.
    pub fn retry(&mut self, client: &Client) {
        if let Some(write) = self.pending.clone() {
            self.send(client, &write).expect("a running node answers");
            self.done();
        }
    }
}

/// Several writers at once.
pub struct Load {
    pub writers: Vec<Writer>,
}

impl Load {
    /// Makes writers and their users.
    pub fn new(writers: usize, dice: &mut Dice, node: &Node) -> Self {
        let client = node.client();
        Self { writers: (0..writers).map(|i| Writer::new(&format!("w{i}"), dice.split(), &client)).collect() }
    }

    /// Writes for so long, then does `end` to the node while the writers still write.
    pub fn run<T>(&mut self, node: Node, time: Duration, end: impl FnOnce(Node) -> T) -> T {
        let (client, stop) = (node.client(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for writer in &mut self.writers {
                let (client, stop) = (&client, &stop);
                scope.spawn(move || writer.run(client, stop));
            }
            std::thread::sleep(time);
            let ended = end(node);
            stop.store(true, Ordering::Relaxed);
            ended
        })
    }

    /// See [`Writer::check`] and [`Writer::retry`].
    pub fn check_and_retry(&mut self, node: &Node) {
        let client = node.client();
        for writer in &mut self.writers {
            writer.check(&client);
            writer.retry(&client);
            writer.check(&client);
        }
    }

    /// How many changes were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.writers.iter().map(|writer| writer.acknowledged).sum()
    }
}
