//! A JSON value as YAML 1.2, in block style. Every text is quoted as in JSON, which YAML reads the same way.

use serde_json::Value;

/// The whole document.
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

/// Something on lines of its own, indented by `depth`.
fn block(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                indent(depth, out);
                out.push_str(&name(key));
                out.push(':');
                after(value, depth, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                indent(depth, out);
                out.push('-');
                after(item, depth, out);
            }
        }
        scalar => {
            indent(depth, out);
            out.push_str(&scalar.to_string());
            out.push('\n');
        }
    }
}

/// What follows a key or a dash: a scalar (or nothing at all) on the same line, the rest below it.
fn after(value: &Value, depth: usize, out: &mut String) {
    let nested = value.as_object().is_some_and(|members| !members.is_empty()) || value.as_array().is_some_and(|items| !items.is_empty());
    if nested {
        out.push('\n');
        block(value, depth + 1, out);
    } else {
        out.push(' ');
        out.push_str(&value.to_string());
        out.push('\n');
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A key, bare where it can only be read as a text.
fn name(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$') && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'$');
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&key.to_lowercase().as_str());
    if plain && !word { key.to_owned() } else { Value::from(key).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_blocks() {
        let value = json!({"a": {"b-c": [1, {"d": "x: \"y\"\n"}], "e": {}}, "f": [], "no": null, "200": [[true]]});
        let expected = "\"200\":\n  -\n    - true\na:\n  \"b-c\":\n    - 1\n    -\n      d: \"x: \\\"y\\\"\\n\"\n  e: {}\nf: []\n\"no\": null\n";
        assert_eq!(write(&value), expected);
    }
}
