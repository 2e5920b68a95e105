//! How acts on keys are said to the API, and what its answers mean.

use serde_json::{Value, json};

use crate::history::{Act, Cell, Outcome};
use crate::rest::{BASE, Response};

/// What a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A system property; the cell is its value.
    Property,
    /// A user; the cell is in the name, the e-mail address and a property.
    User,
    /// A chat room; the cell is in the natural name and the description.
    Room,
}

/// A request: method, target and body, which is empty for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Path of the resource.
    pub target: String,
    /// JSON.
    pub body: String,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The act has this outcome.
    Outcome(Outcome),
    /// Nothing is certain yet: the same may be asked again, of anyone.
    Again,
    /// It should never be said; nothing is certain.
    Surprise(String),
}

/// A value as text that is not part of another value's.
pub fn text(value: u64) -> String {
    format!("v{value:09}")
}

/// The value of such a text.
pub fn value(text: &str) -> Option<u64> {
    text.strip_prefix('v').filter(|digits| digits.len() == 9)?.parse().ok()
}

impl Noun {
    /// The acts there are, more often the more there are of it.
    pub fn acts(self, value: u64) -> [Act; 8] {
        let (put, create, update, delete, get) = (Act::Put(value), Act::Create(value), Act::Update(value), Act::Delete, Act::Get);
        match self {
            Self::Property => [put, put, update, delete, get, get, get, get],
            Self::User => [create, create, update, update, delete, get, get, get],
            Self::Room => [put, put, put, delete, get, get, get, get],
        }
    }

    /// The request for an act.
    pub fn request(self, key: &str, act: Act) -> Request {
        let (method, whole) = match (self, act) {
            (_, Act::Get) => ("GET", false),
            (_, Act::Delete) => ("DELETE", false),
            (_, Act::Update(_)) => ("PUT", false),
            (_, Act::Put(_) | Act::Create(_)) => ("POST", true),
        };
        let body = match act {
            Act::Put(value) | Act::Create(value) | Act::Update(value) => self.entity(key, value, whole).to_string(),
            Act::Get | Act::Delete => String::new(),
        };
        let all = match self {
            Self::Property => "/system/properties",
            Self::User => "/users",
            Self::Room => "/chatrooms",
        };
        Request { method, target: if whole { format!("{BASE}{all}") } else { format!("{BASE}{all}/{key}") }, body }
    }

    fn entity(self, key: &str, value: u64, whole: bool) -> Value {
        let value = text(value);
        match self {
            Self::Property => json!({"key": key, "value": value}),
            Self::Room => json!({"roomName": key, "naturalName": value, "description": value, "persistent": true}),
            Self::User => {
                let mut user =
                    json!({"username": key, "name": value, "email": format!("{value}@example.org"), "properties": [{"key": "k", "value": value}]});
                if whole {
                    user["password"] = "secret".into();
                }
                user
            }
        }
    }

    /// What the answer to an act means.
    pub fn meaning(self, act: Act, answer: &Response) -> Meaning {
        let surprise =
            || Meaning::Surprise(format!("{act:?} of a {self:?} is answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
        match (act, answer.status) {
            (_, 503) => Meaning::Again,
            (Act::Get, 404) => Meaning::Outcome(Outcome::Read(None)),
            (Act::Get, 200) => self.cell(answer).map_or_else(surprise, |cell| Meaning::Outcome(Outcome::Read(cell))),
            (Act::Put(_) | Act::Create(_), 201) | (Act::Update(_) | Act::Delete, 200) => Meaning::Outcome(Outcome::Done),
            (Act::Create(_), 409) | (Act::Update(_) | Act::Delete, 404) => Meaning::Outcome(Outcome::Refused),
            _ => surprise(),
        }
    }

    /// The one value that an entity holds in all its places; `None` where it is torn.
    fn cell(self, answer: &Response) -> Option<Cell> {
        let entity: Value = serde_json::from_slice(&answer.body).ok()?;
        let places = match self {
            Self::Property => vec![&entity["value"]],
            Self::Room => vec![&entity["naturalName"], &entity["description"]],
            Self::User => vec![&entity["name"], &entity["email"], &entity["properties"][0]["value"]],
        };
        let read = |place: &&Value| place.as_str().map(|text| text.trim_end_matches("@example.org")).and_then(value);
        let values: Option<Vec<_>> = places.iter().map(read).collect();
        values.filter(|values| values.windows(2).all(|two| two[0] == two[1])).map(|values| values.first().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.into() }
    }

    #[test]
    fn values_are_read_as_they_are_written() {
        assert_eq!((text(7).as_str(), value("v000000007"), value("v7"), value("x")), ("v000000007", Some(7), None, None));
        for noun in [Noun::Property, Noun::User, Noun::Room] {
            let entity = noun.entity("k", 7, true).to_string();
            assert_eq!(noun.meaning(Act::Get, &answer(200, &entity)), Meaning::Outcome(Outcome::Read(Some(7))));
        }
    }

    #[test]
    fn half_a_write_is_a_surprise() {
        let torn = r#"{"naturalName":"v000000001","description":"v000000002"}"#;
        assert!(matches!(Noun::Room.meaning(Act::Get, &answer(200, torn)), Meaning::Surprise(_)));
    }

    #[test]
    fn only_what_is_certain_is_an_outcome() {
        assert_eq!(Noun::User.meaning(Act::Create(1), &answer(409, "")), Meaning::Outcome(Outcome::Refused));
        assert_eq!(Noun::User.meaning(Act::Create(1), &answer(503, "")), Meaning::Again);
        assert_eq!(Noun::Room.meaning(Act::Delete, &answer(404, "")), Meaning::Outcome(Outcome::Refused));
        for status in [200, 400, 401, 404, 422, 429, 500] {
            assert!(matches!(Noun::Room.meaning(Act::Put(1), &answer(status, "")), Meaning::Surprise(_)), "{status}");
        }
    }
}
