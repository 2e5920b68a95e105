//! The audit log, as it tells which writes happened and how often.

use std::collections::HashMap;

use serde_json::Value;

use crate::rest::{Client, served};

use super::nouns::value;

/// How many entries are asked for at a time.
const PAGE: usize = 5000;

/// What comes before the value in the entry of a write.
const MARKS: &[&str] = &["new value = '", "roomname = ", "set name = ", "name = "];

/// All entries of a node, the newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// As they came.
    pub entries: Vec<Value>,
}

impl Audit {
    /// Reads the whole log.
    pub fn read(client: &Client) -> Self {
        let mut entries = Vec::new();
        loop {
            let answer = served(|| client.get(&format!("/logs/security?offset={}&limit={PAGE}", entries.len())));
            assert_eq!(answer.status, 200, "{}", answer.text());
            let page = answer.value()["logs"].as_array().cloned().unwrap_or_default();
            let last = page.len() < PAGE;
            entries.extend(page);
            if last {
                return Self { entries };
            }
        }
    }

    /// How often each value was written to a key that begins so.
    pub fn written(&self, name: &str) -> HashMap<u64, usize> {
        let mut written = HashMap::new();
        for entry in &self.entries {
            let text = |field: &str| entry[field].as_str().unwrap_or_default();
            if text("summary").contains(&format!(" {name}-")) {
                written_value(text("details")).into_iter().for_each(|value| *written.entry(value).or_default() += 1);
            }
        }
        written
    }
}

fn written_value(details: &str) -> Option<u64> {
    let after = MARKS.iter().find_map(|mark| details.split_once(mark).map(|(_, after)| after))?;
    value(after.get(..10)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_values_written_are_counted() {
        let entry = |summary: &str, details: &str| json!({"summary": summary, "details": details});
        let entries = vec![
            entry("Updated server property a-p1", "old value = 'v000000009'\nnew value = 'v000000001'\nvia"),
            entry("created new user a-u1", "name = v000000002, email = v000000002@example.org, admin = false\nvia"),
            entry("edited user a-u1", "set name = v000000003, email = v000000003@example.org\nvia"),
            entry("updated MUC room a-r1", "subject = \nroomdesc = v000000004\nroomname = v000000004\nmaxusers = 0\nvia"),
            entry("updated MUC room a-r1", "subject = \nroomdesc = v000000004\nroomname = v000000004\nmaxusers = 0\nvia"),
            entry("Updated server property b-p1", "new value = 'v000000001'"),
            entry("deleted user a-u1", "full jid was a-u1@example.org"),
        ];
        let written = Audit { entries }.written("a");
        assert_eq!(written, HashMap::from([(1, 1), (2, 1), (3, 1), (4, 2)]));
    }
}
