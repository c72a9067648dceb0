//! The arrows of the house point down, and every outside crate has one home.

use std::fs;
use std::path::{Path, PathBuf};

/// What each room may import of ours.
const ARROWS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("model", &["error"]),
    ("config", &["error", "model"]),
    ("metrics", &["error"]),
    ("http", &["error", "model", "config"]),
    ("store", &["error", "model"]),
    ("partner", &["error", "model", "config", "http"]),
    ("hrflow", &["error", "model", "config", "http"]),
    ("flows", &["error", "model", "config", "metrics", "store", "partner", "hrflow"]),
    ("worker", &["error", "flows"]),
    ("api", &["error", "model", "flows", "store"]),
    (
        "server",
        &[
            "error", "model", "config", "metrics", "http", "store", "partner", "hrflow", "flows", "worker",
            "api",
        ],
    ),
    ("sandbox", &["error", "model"]),
    ("demo", &["error", "model"]),
    ("cli", &["error", "model", "config", "store", "flows", "worker", "api", "server", "sandbox", "demo"]),
];

/// Where each outside name may stand, by the beginning of the path below `src/`.
const HOMES: &[(&str, &[&str])] = &[
    ("diesel", &["store/", "sandbox/objects.rs"]),
    ("actix_web", &["api/", "sandbox/", "demo/", "server.rs"]),
    ("utoipa", &["api/", "model/"]),
    ("reqwest", &["http/"]),
    ("prometheus", &["metrics.rs"]),
    ("Utc::now", &["model/clock.rs"]),
    ("std::env", &["config/", "config.rs"]),
    ("jaq_core", &["partner/mapping.rs"]),
    ("moka", &["flows/query/remember.rs"]),
];

#[test]
fn every_arrow_points_down() {
    let mut wrong = Vec::new();
    for (path, line, text) in lines() {
        let room = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
            assert!(room == "lib" || room == "main", "the room `{room}` has no place in the house yet");
            continue;
        };
        for target in imports(&text) {
            let known = ARROWS.iter().any(|(name, _)| *name == target);
            if known && target != room && !allowed.contains(&target.as_str()) {
                wrong.push(format!("src/{path}:{line}: {room} → {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point the wrong way:\n{}", wrong.join("\n"));
}

#[test]
fn every_outside_crate_has_one_home() {
    let mut wrong = Vec::new();
    for (path, line, text) in lines() {
        for (name, homes) in HOMES {
            let at_home = homes.iter().any(|home| path.starts_with(home));
            if !at_home && mentions(&text, name) {
                wrong.push(format!("src/{path}:{line}: {name} belongs to {}", homes.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "crates away from home:\n{}", wrong.join("\n"));
}

/// The rooms a statement names: `crate::store::Store`, `use crate::{hrflow, partner};`.
fn imports(text: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = Vec::new();
    for part in text.split("crate::").skip(1) {
        let Some(list) = part.strip_prefix('{') else {
            rooms.push(word(part));
            continue;
        };
        // The names at the first level of the braces.
        let mut depth = 0;
        let mut item = String::new();
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => rooms.push(word(std::mem::take(&mut item).trim())),
                _ if depth == 0 => item.push(c),
                _ => {}
            }
        }
        rooms.push(word(item.trim()));
    }
    rooms
}

#[test]
fn the_reader_of_imports_sees_what_rustc_sees() {
    assert_eq!(imports("use crate::{hrflow, store::{self, Db}, partner};"), ["hrflow", "store", "partner"]);
    assert_eq!(imports("crate::store::now(crate::model::X)"), ["store", "model"]);
    let code = "#[cfg(test)]\nmod fake;\nuse crate::a::{\n    B,\n};\n#[cfg(test)]\nmod tests {\n use crate::b;\n}\n";
    let read = statements(code);
    assert!(read.iter().any(|(_, text)| imports(text) == ["a"]), "{read:?}");
    assert!(!read.iter().any(|(_, text)| imports(text) == ["b"]), "{read:?}");
}

fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        let inside = |c: char| c.is_alphanumeric() || c == '_';
        !before.is_some_and(|c| inside(c) || c == ':') && !after.is_some_and(inside)
    })
}

/// Every line of code: path below `src/`, number, text. Tests and comments are free.
fn lines() -> Vec<(String, usize, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut lines = Vec::new();
    for path in files(&source) {
        let name = path.strip_prefix(&source).unwrap().to_string_lossy().into_owned();
        if name.ends_with("tests.rs") || name.ends_with("fake.rs") || name.contains("/tests/") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        lines.extend(statements(&text).into_iter().map(|(number, text)| (name.clone(), number, text)));
    }
    assert!(lines.len() > 1_000, "the sources were not found");
    lines
}

/// The lines of a file without comments and without its module of tests, each `use` joined up to its end.
fn statements(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open_use = false;
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let inline_tests =
            |next: &str| next.trim_start().starts_with("mod ") && next.trim_end().ends_with('{');
        if line.trim() == "#[cfg(test)]" && lines.peek().is_some_and(|(_, next)| inline_tests(next)) {
            break;
        }
        let code = line.split("//").next().unwrap_or_default();
        match found.last_mut() {
            Some((_, joined)) if open_use => joined.push_str(code),
            _ => found.push((number + 1, code.to_owned())),
        }
        let (_, joined) = found.last().unwrap();
        let starts = joined.trim_start();
        let is_use = starts.starts_with("use ") || starts.starts_with("pub use ");
        open_use = is_use && !joined.contains(';');
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
