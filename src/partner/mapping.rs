//! The jq filters of a partner: compiled once, run on one value, first output.
//!
//! A filter sees its input and nothing else: there is no environment, clock, time zone, further input, module or log, and no
//! `halt`. It is the operator's own text; whether it ends, and how much it builds, is bounded by the caller alone.

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, Error as LoadError, File, Loader, span};
use jaq_core::{Compiler, Ctx, Vars, unwrap_valr};
use jaq_json::Val;

/// Native filters that reach outside, write logs or end the program.
const NATIVES_LEFT_OUT: [&str; 7] =
    ["env", "now", "localtime", "strflocaltime", "debug_empty", "stderr_empty", "halt"];

/// The definitions built on them.
const DEFINITIONS_LEFT_OUT: [&str; 4] = ["debug", "stderr", "halt", "halt_error"];

/// A compiled filter.
pub(super) struct Filter {
    /// The setting it comes from, as sentences name it.
    name: &'static str,
    compiled: jaq_core::Filter<JustLut<Val>>,
}

impl Filter {
    /// Compiles a filter, or says what is wrong with it and where.
    pub(super) fn compile(name: &'static str, code: &str) -> Result<Self, String> {
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let definitions = definitions.filter(|definition| !DEFINITIONS_LEFT_OUT.contains(&definition.name));
        let natives = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let natives = natives.filter(|native| !NATIVES_LEFT_OUT.contains(&native.0));
        let arena = Arena::default();
        let modules = Loader::new(definitions)
            .load(&arena, File { code, path: () })
            .map_err(|errors| first(errors, |error| load_problem(code, error)))?;
        let compiled = Compiler::default().with_funs(natives).compile(modules).map_err(|errors| {
            first(errors, |problems| match problems.into_iter().next() {
                Some((symbol, what)) => {
                    at(code, symbol, &format!("there is no {} `{symbol}`", what.as_str()))
                }
                None => "cannot be compiled".to_owned(),
            })
        })?;
        Ok(Self { name, compiled })
    }

    /// The first output for an input; none if there is no output. Fails with a sentence that quotes no value.
    pub(super) fn first(&self, input: Val) -> Result<Option<Val>, String> {
        let context = Ctx::<JustLut<Val>>::new(&self.compiled.lut, Vars::new([]));
        let first = self.compiled.id.run((context, input)).map(unwrap_valr).next();
        first
            .transpose()
            .map_err(|error| format!("`{}` failed: {}", self.name, without_values(&error.to_string())))
    }

    /// [`first`](Self::first), where no output is a failure too.
    pub(super) fn one(&self, input: Val) -> Result<Val, String> {
        self.first(input)?.ok_or_else(|| format!("`{}` gives nothing", self.name))
    }

    /// The setting it comes from.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }
}

fn first<F, E>(errors: Vec<(F, E)>, describe: impl Fn(E) -> String) -> String {
    errors.into_iter().next().map_or_else(|| "cannot be read".to_owned(), |(_, error)| describe(error))
}

fn load_problem(code: &str, error: LoadError<&str>) -> String {
    match error {
        LoadError::Io(problems) => match problems.into_iter().next() {
            Some((path, _)) => at(code, path, "modules cannot be loaded"),
            None => "modules cannot be loaded".to_owned(),
        },
        LoadError::Lex(problems) => match problems.into_iter().next() {
            Some((expected, found)) => at(code, found, &format!("expected {}", expected.as_str())),
            None => "cannot be read".to_owned(),
        },
        LoadError::Parse(problems) => match problems.into_iter().next() {
            Some((expected, found)) => at(code, found, &format!("expected {}", expected.as_str())),
            None => "cannot be read".to_owned(),
        },
    }
}

/// The problem with its line and column.
fn at(code: &str, part: &str, problem: &str) -> String {
    let inside = code.as_bytes().as_ptr_range().contains(&part.as_ptr());
    let start = if inside { span(code, part).start } else { code.len() };
    let before = &code[..start];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}: {problem}")
}

/// What jq says of a failure, less the values that it quotes: they may be anybody's. What a filter raises by itself
/// (`error("…")`) may quote values in any way and is not told.
fn without_values(message: &str) -> String {
    const OWN: [&str; 3] = ["cannot use ", "cannot index ", "cannot calculate "];
    if !OWN.iter().any(|start| message.starts_with(start)) {
        return "it raised an error".to_owned();
    }
    let (mut words, mut in_text, mut escaped) = (String::new(), false, false);
    for c in message.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => {
                in_text = !in_text;
                words.push_str(if in_text { "\"" } else { "…\"" });
            }
            _ if in_text => {}
            '0'..='9' => words.push('#'),
            _ => words.push(c),
        }
    }
    match words.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn run(code: &str, input: &str) -> Result<Option<String>, String> {
        let filter = Filter::compile("map", code)?;
        let input = jaq_json::read::parse_single(input.as_bytes()).unwrap();
        filter.first(input).map(|output| output.map(|output| output.to_string()))
    }

    #[test]
    fn a_filter_gives_its_first_output() {
        assert_eq!(run(".", "{\"a\":1.50}").unwrap().as_deref(), Some("{\"a\":1.50}"));
        assert_eq!(run(".[]", "[1,2]").unwrap().as_deref(), Some("1"));
        assert_eq!(run("empty", "1").unwrap(), None);
        let code =
            "# a comment\ndef name: .first + \" \" + .last;\n{name: name, skills: [.skills[]? | {name: .}]}";
        let output = run(code, r#"{"first":"A","last":"B","skills":["x"]}"#).unwrap();
        assert_eq!(output.as_deref(), Some(r#"{"name":"A B","skills":[{"name":"x"}]}"#));
        assert_eq!(
            run("\"2022-03-01T14:21:58Z\" | fromdate | todate", "1").unwrap().as_deref(),
            Some("\"2022-03-01T14:21:58Z\"")
        );
    }

    #[test]
    fn a_filter_that_does_not_compile_is_told_its_place() {
        for (code, expected) in [
            (".a |\n  foo", "line 2, column 3: there is no filter `foo`"),
            (".a | $x", "line 1, column 6: there is no variable `$x`"),
            ("{a: .b", "line 1, column 7: expected closing brace"),
            (".a |", "line 1, column 5: expected"),
            ("", "line 1, column 1: expected"),
            (".a\n  @", "line 2, column 4: expected identifier"),
            ("include \"x\"; .", "line 1, column 10: modules cannot be loaded"),
        ] {
            let problem = run(code, "1").unwrap_err();
            assert!(problem.starts_with(expected), "{code}: {problem}");
        }
    }

    #[test]
    fn a_filter_reaches_nothing_but_its_input() {
        for code in [
            "env",
            "$ENV",
            "now",
            "input",
            "inputs",
            "input_filename",
            "debug",
            "debug(.)",
            "stderr",
            "halt",
            "halt(1)",
            "halt_error",
            "localtime",
            "strflocaltime(\"%H\")",
            "$__prog_args",
            "get_search_list",
            "input_line_number",
        ] {
            let problem = run(code, "1").unwrap_err();
            assert!(problem.contains("there is no"), "{code}: {problem}");
        }
    }

    #[test]
    fn a_failure_quotes_no_value() {
        for code in
            [".name.first", ".name + 1", ".name | keys", "error(.name)", "error(\"no \\(.name)\")", "error"]
        {
            let problem = run(code, r#"{"name":"Ada \"Moreau 42"}"#).unwrap_err();
            assert!(problem.starts_with("`map` failed: "), "{problem}");
            assert!(
                !problem.contains("Ada") && !problem.contains("Moreau") && !problem.contains("42"),
                "{problem}"
            );
        }
    }
}
