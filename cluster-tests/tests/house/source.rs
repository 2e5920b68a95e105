//! Sources without what is no code: comments, literals, and what is compiled for tests alone.

use std::path::{Path, PathBuf};

/// A source file.
pub struct Source {
    /// Its path below `src/`.
    pub path: String,
    /// Its text, line for line, with comments and the contents of literals blanked.
    pub code: String,
    /// How many lines it has.
    pub lines: usize,
}

impl Source {
    /// The source at `path` below `src/`.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), code: blank(text), lines: text.lines().count() }
    }

    /// The room it is in: the folder below `src/`, or the file itself.
    pub fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// Whether the whole file is for tests: they and the random values they draw.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.ends_with("/arbitrary.rs")
            || ["/tests/", "/sim/"].iter().any(|folder| self.path.contains(folder))
    }

    /// Its code without what is compiled for tests alone.
    pub fn shipped(&self) -> String {
        without_tests(&self.code)
    }

    /// The modules above its contents, outermost first: `state/users.rs` is in `state`, `users`.
    pub fn modules(&self) -> Vec<&str> {
        let path = self.path.trim_end_matches(".rs");
        path.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).collect()
    }
}

/// All sources of the house.
pub fn all() -> Vec<Source> {
    let root = repository().join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 50, "only {} sources below {}", found.len(), root.display());
    found.sort_by(|a: &Source, b| a.path.cmp(&b.path));
    found
}

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push(Source::new(&name, &std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The line, from 1, of an offset.
pub fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Every place where `word` stands as a word of its own.
pub fn words<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let bytes = text.as_bytes();
        let starts_inside = at.checked_sub(1).is_some_and(|before| is_part(bytes.get(before)));
        !starts_inside && !is_part(bytes.get(at + word.len()))
    })
}

/// The same text with blanks for comments and the contents of literals.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = literal(rest, code.chars().next_back()).unwrap_or(0);
        if length == 0 {
            let c = rest.chars().next().unwrap();
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

/// How long the comment or literal is that `rest` begins with, if it does.
fn literal(rest: &str, before: Option<char>) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(comment(rest));
    }
    let raw = rest.trim_start_matches(['b', 'c', 'r']);
    let prefix = &rest[..rest.len() - raw.len()];
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    let starts_word = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if starts_word && prefix.len() <= 2 && prefix.ends_with('r') && raw[hashes..].starts_with('"') {
        let end = format!("\"{}", &raw[..hashes]);
        let from = prefix.len() + hashes + 1;
        return rest[from..].find(&end).map(|at| from + at + end.len());
    }
    match rest.chars().next() {
        Some('"') => Some(quoted(rest, '"')),
        // A quote that does not close after one character is a lifetime.
        Some('\'') if rest[1..].starts_with('\\') || rest[1..].chars().nth(1) == Some('\'') => Some(quoted(rest, '\'')),
        _ => None,
    }
}

fn comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, _) in rest.char_indices() {
        if rest[at..].starts_with("/*") {
            depth += 1;
        } else if rest[..at].ends_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// Blanks each item behind `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut shipped = code.to_owned();
    while let Some(from) = shipped.find(MARK) {
        let end = item_end(&shipped[from + MARK.len()..]).map_or(shipped.len(), |end| from + MARK.len() + end);
        let blanks: String = shipped[from..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        shipped.replace_range(from..end, &blanks);
    }
    shipped
}

/// Where an item ends: after its block, or after a semicolon before any block.
fn item_end(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 && c == '}' {
                    return Some(at + 1);
                }
            }
            ';' if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[test]
fn what_is_no_code_is_blank() {
    let text = "let a = \"x \\\" unsafe\"; // unsafe\nlet b = 'u'; /* unsafe /* */ unsafe */ fn f<'a>() {}\nlet c = r#\"unsafe \" \"#; let d = b\"unsafe\"; let e = '\\'';\n";
    let source = Source::new("x.rs", text);
    assert!(!source.code.contains("unsafe"), "{}", source.code);
    assert!(source.code.contains("fn f<'a>() {}") && source.code.contains("let d =") && source.code.contains("let e ="), "{}", source.code);
    assert_eq!(source.code.matches('\n').count(), 3);
}

#[test]
fn what_is_for_tests_does_not_ship() {
    let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n fn b() { c(\"}\"); }\n}\nfn d() {}\n#[cfg(test)]\nmod more;\nfn e() {}\n";
    let shipped = Source::new("x.rs", text).shipped();
    assert!(shipped.contains("fn a") && shipped.contains("fn d") && shipped.contains("fn e"));
    assert!(!shipped.contains("fn b") && !shipped.contains("mod"));
}

#[test]
fn words_are_whole() {
    assert_eq!(words("unsafe unsafe_code x_unsafe (unsafe)", "unsafe").collect::<Vec<_>>(), [0, 29]);
}
