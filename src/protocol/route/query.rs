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
/// The longest time for which the answer to a poll is held, in seconds: so long a room can believe
/// in a client that is gone without a word.
const HOLD_S_MAX: u32 = 300;
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
    let position = match root.kind {
        RootKind::Map => said(query, "key").map(Position::Key),
        _ => said(query, "index")
            .and_then(|it| u32::try_from(number(&it)?).ok())
            .map(Position::Index),
    };
    Ok((root, position.ok_or(wrong)?))
}

/// For how long the answer to a poll is held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hold {
    /// So many seconds at most; with `is_brief`, 0 is until the room has said something.
    pub seconds: u32,
    /// It ends behind the first news, for networks that hand on no answer before it ends.
    pub is_brief: bool,
    /// The how-manyth poll of its session it is.
    pub number: u64,
}

/// `hold`, `brief` and `poll`.
pub fn hold(query: &str) -> Result<Hold, Problem> {
    let wrong = Problem::Parameter("`hold` is a number of seconds, from 0 to 300.");
    let is_brief = said(query, "brief").is_some();
    let seconds = match said(query, "hold") {
        Some(digits) => {
            let seconds = number(&digits).and_then(|it| u32::try_from(it).ok());
            seconds.filter(|it| *it <= HOLD_S_MAX).ok_or(wrong)?
        }
        None => HOLD_S_MAX,
    };
    Ok(Hold { seconds, is_brief, number: poll_number(query)? })
}

/// `poll`: the how-manyth of its session it is about.
pub fn poll_number(query: &str) -> Result<u64, Problem> {
    let wrong = Problem::Parameter("`poll` is a number, from 0.");
    said(query, "poll").map_or(Ok(0), |digits| number(&digits).ok_or(wrong))
}

/// Where a follower goes on: an epoch and a sequence number, as the last event that it had names
/// them in a header, or `since` in the query.
pub fn since(last_event_id: Option<&str>, query: &str) -> Result<Option<(u64, u64)>, Problem> {
    let wrong = Problem::Parameter("`since` is an epoch and a sequence number: `7.42`.");
    let last = last_event_id.filter(|id| !id.is_empty()).map(str::to_owned);
    let Some(id) = last.or_else(|| said(query, "since")) else { return Ok(None) };
    let (epoch, sequence) = id.split_once('.').ok_or(wrong)?;
    Ok(Some((number(epoch).ok_or(wrong)?, number(sequence).ok_or(wrong)?)))
}

fn said(query: &str, name: &str) -> Option<String> {
    pairs(query).flatten().find(|(key, _)| *key == name).map(|(_, value)| value)
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
    fn a_poll_is_held_for_five_minutes_at_most() {
        assert_eq!(hold(""), Ok(Hold { seconds: 300, is_brief: false, number: 0 }));
        let brief = Hold { seconds: 0, is_brief: true, number: 7 };
        assert_eq!(hold("hold=0&brief&poll=7"), Ok(brief));
        for query in ["hold=301", "hold=x", "hold=", "poll=-1"] {
            assert!(hold(query).is_err(), "{query}");
        }
    }

    #[test]
    fn a_follower_goes_on_behind_its_last_event() {
        assert_eq!(since(None, ""), Ok(None));
        assert_eq!(since(None, "since=7.42"), Ok(Some((7, 42))));
        assert_eq!(since(Some("8.1"), "since=7.42"), Ok(Some((8, 1))));
        for id in ["7", "7.", ".7", "7.x", "-1.2"] {
            assert!(since(Some(id), "").is_err(), "{id}");
        }
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
