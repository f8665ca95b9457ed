//! What the queries of documents' routes say.

use super::Problem;
use super::url::percent_decode;
use crate::codec::NUMBER_MAX;

/// Decisions of so many rows are a page, if nothing is said.
const PAGE_ROWS: usize = 100;
/// The most rows of a page.
const PAGE_ROWS_MAX: usize = 1_000;
/// The most shared types that one request names.
const ROOTS_MAX: usize = 100;
/// The longest name of a shared type, in bytes.
const NAME_BYTES_MAX: usize = 1_024;

/// Which decisions are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Page {
    /// Behind this sequence number.
    pub since: u64,
    /// Of so many rows at most.
    pub limit: usize,
}

/// The kinds of shared types at the root of a document, as a query names them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RootKind {
    /// `text`.
    Text,
    /// `map`.
    Map,
    /// `array`.
    Array,
    /// `xml`.
    Xml,
}

/// A shared type at the root of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Root {
    /// Of which kind.
    pub kind: RootKind,
    /// Its name.
    pub name: String,
}

/// A place in a shared type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Position {
    /// In a text, an array or an XML type.
    Index(u32),
    /// In a map.
    Key(String),
}

impl RootKind {
    const ALL: [Self; 4] = [Self::Text, Self::Map, Self::Array, Self::Xml];

    /// Its name in queries and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Map => "map",
            Self::Array => "array",
            Self::Xml => "xml",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The pairs of a query, decoded; nothing in the place of one that is no UTF-8.
fn pairs(query: &str) -> impl Iterator<Item = Option<(&str, String)>> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        // As forms write it.
        Some((key, percent_decode(&value.replace('+', " "))?))
    })
}

/// `since` and `limit`.
pub fn page(query: &str) -> Result<Page, Problem> {
    let wrong = Problem::Parameter(
        "`since` is a sequence number, from 0, and `limit` a number of rows, from 1 to 1000.",
    );
    let mut page = Page { since: 0, limit: PAGE_ROWS };
    for pair in pairs(query) {
        let (key, value) = pair.ok_or(wrong)?;
        match key {
            "since" => page.since = number(&value).ok_or(wrong)?,
            "limit" => {
                let limit = number(&value).and_then(|it| usize::try_from(it).ok());
                page.limit = limit.filter(|it| (1..=PAGE_ROWS_MAX).contains(it)).ok_or(wrong)?;
            }
            _ => {}
        }
    }
    Ok(page)
}

/// All of `text`, `map`, `array` and `xml`, in the order in which they are written.
pub fn roots(query: &str) -> Result<Vec<Root>, Problem> {
    let wrong = Problem::Parameter(
        "`text`, `map`, `array` and `xml` name shared types, at most 100, each by 1 to 1024 bytes \
         of UTF-8.",
    );
    let mut roots = Vec::new();
    for pair in pairs(query) {
        let (key, name) = match pair {
            Some((key, name)) => (key, name),
            None => return Err(wrong),
        };
        let Some(kind) = RootKind::from_name(key) else { continue };
        if !(1..=NAME_BYTES_MAX).contains(&name.len()) || roots.len() == ROOTS_MAX {
            return Err(wrong);
        }
        roots.push(Root { kind, name });
    }
    Ok(roots)
}

/// The only one of them.
pub fn root(query: &str) -> Result<Root, Problem> {
    match <[Root; 1]>::try_from(roots(query)?) {
        Ok([root]) => Ok(root),
        Err(_) => Err(Problem::Parameter(
            "Say which shared type: one of `text`, `map`, `array` and `xml`, with its name.",
        )),
    }
}

/// A shared type and `index`, or `key` if it is a map.
pub fn position(query: &str) -> Result<(Root, Position), Problem> {
    let root = root(query)?;
    let wrong = Problem::Parameter(
        "Say where: `index`, a number from 0, in a `text`, `array` or `xml`; `key` in a `map`.",
    );
    let said = |name| pairs(query).flatten().find(|(key, _)| *key == name).map(|(_, value)| value);
    let position = match root.kind {
        RootKind::Map => said("key").map(Position::Key),
        _ => said("index").and_then(|it| u32::try_from(number(&it)?).ok()).map(Position::Index),
    };
    Ok((root, position.ok_or(wrong)?))
}

/// A whole number, written in digits only.
pub(super) fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| is_number);
    number.filter(|number| *number <= NUMBER_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn text(name: &str) -> Root {
        Root { kind: RootKind::Text, name: name.to_owned() }
    }

    #[test]
    fn a_page_has_bounds() {
        assert_eq!(page(""), Ok(Page { since: 0, limit: 100 }));
        assert_eq!(page("token=x&since=7&limit=1000"), Ok(Page { since: 7, limit: 1_000 }));
        let wrong =
            ["since=", "since=-1", "since=+1", "since=x", "since=9007199254740992", "since=%ff"];
        for query in wrong.into_iter().chain(["limit=0", "limit=1001", "limit=1e3", "limit"]) {
            assert!(matches!(page(query), Err(Problem::Parameter(_))), "{query}");
        }
    }

    #[test]
    fn roots_are_named_by_their_kind() {
        assert_eq!(roots("x=1"), Ok(vec![]));
        let map = Root { kind: RootKind::Map, name: "m&".to_owned() };
        assert_eq!(roots("text=a+b&map=m%26"), Ok(vec![text("a b"), map]));
        assert!(roots("text=").is_err() && roots("text=%ff").is_err());
        assert!(roots(&"text=a&".repeat(101)).is_err());
        assert_eq!(root("text=a"), Ok(text("a")));
        assert!(root("").is_err() && root("text=a&map=b").is_err());
    }

    #[test]
    fn a_position_is_an_index_or_a_key() {
        assert_eq!(position("text=a&index=3"), Ok((text("a"), Position::Index(3))));
        let (_, key) = position("map=a&key=k").unwrap();
        assert_eq!(key, Position::Key("k".into()));
        for query in ["text=a", "text=a&index=x", "text=a&index=4294967296", "map=a&index=1"] {
            assert!(position(query).is_err(), "{query}");
        }
    }
}
