//! The registry: one object that is told how the rooms are, so that looking at them wakes none.
//!
//! | table | what it holds |
//! |---|---|
//! | `room` | a row for each document: when it told something last, and the sum of what it told |
//! | `total` | the sum of what all documents told, also those that are forgotten |

use serde_json::{Value, json};
use worker::{
    DurableObject, Env, Method, Request, RequestInit, Response, Result, SqlStorage,
    SqlStorageValue, State, durable_object,
};

use super::{json as as_json, platform, refuse, route_of};
use crate::protocol::route::{Problem, Route, decode_document_name, encode_document_name};
use crate::room::{Gauges, Report, open_metrics};

/// The namespace of the one registry, as `wrangler.toml` binds it.
const REGISTRY: &str = "REGISTRY";
const NAME: &str = "registry";
/// Rooms that it remembers; those that told nothing for longest are forgotten first.
const ROOMS_MAX: i64 = 10_000;
/// Rooms that it lists.
const LISTED_MAX: usize = 200;
/// A room that told something in so many milliseconds is active.
const ACTIVE_MS: u64 = 120_000;

/// The Durable Object that knows how the rooms are.
#[durable_object]
pub struct Registry {
    sql: SqlStorage,
}

/// What a room told last, and all that it ever told.
struct Known {
    document: String,
    at: u64,
    report: Report,
}

impl DurableObject for Registry {
    fn new(state: State, _: Env) -> Self {
        Self { sql: state.storage().sql() }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        self.create()?;
        if request.method() == Method::Post {
            let document = request.headers().get("document")?.unwrap_or_default();
            let document = decode_document_name(&document);
            let body = request.bytes().await?;
            // Nothing is to be known of it any more.
            if let Some(document) = document.as_deref().filter(|_| body.is_empty()) {
                let forgotten = vec![document.into()];
                self.sql.exec("DELETE FROM room WHERE document = ?", forgotten)?;
            }
            // During a deploy a room may be of another build. What it counted is not known then.
            if let Some((document, report)) = document.zip(Report::decode(&body)) {
                self.take(&document, &report)?;
            }
            return Response::empty();
        }
        match route_of(&request) {
            Ok(Route::Rooms) => self.rooms(),
            Ok(Route::Metrics { document: None }) => self.metrics(),
            Ok(Route::Ready) => Response::ok("ready\n"),
            _ => refuse(Problem::NotFound),
        }
    }
}

impl Registry {
    fn create(&self) -> Result<()> {
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS room (document TEXT PRIMARY KEY, at INTEGER, report BLOB);
             CREATE INDEX IF NOT EXISTS room_at ON room (at);
             CREATE TABLE IF NOT EXISTS total (id INTEGER PRIMARY KEY, report BLOB);",
            None,
        )?;
        Ok(())
    }

    fn take(&self, document: &str, report: &Report) -> Result<()> {
        let before =
            self.one("SELECT report FROM room WHERE document = ?", vec![document.into()])?;
        let is_new = before.is_none();
        let known = sum(before, report);
        let at = SqlStorageValue::Integer(platform::now().0 as i64);
        let values = vec![document.into(), at, SqlStorageValue::Blob(known.encode())];
        self.sql.exec("INSERT OR REPLACE INTO room VALUES (?, ?, ?)", values)?;
        let total = sum(self.total()?, report);
        let values = vec![SqlStorageValue::Blob(total.encode())];
        self.sql.exec("INSERT OR REPLACE INTO total VALUES (1, ?)", values)?;
        if is_new {
            let kept = vec![SqlStorageValue::Integer(ROOMS_MAX)];
            self.sql.exec(
                "DELETE FROM room WHERE document IN
                   (SELECT document FROM room ORDER BY at DESC LIMIT -1 OFFSET ?)",
                kept,
            )?;
        }
        Ok(())
    }

    fn rooms(&self) -> Result<Response> {
        let now = platform::now().0;
        let mut known = self.known()?;
        let (gauges, count) = (together(&known), known.len());
        known.truncate(LISTED_MAX);
        let rooms = known.into_iter().map(|known| {
            let Known { document, at, report } = known;
            let mut room = as_json::numbers(&report.metrics, &report.gauges);
            room.insert("document".into(), document.into());
            room.insert("at".into(), at.into());
            Value::Object(room)
        });
        let rooms: Vec<_> = rooms.collect();
        let Report { metrics, .. } = self.total()?.unwrap_or_default();
        let mut total = as_json::numbers(&metrics, &gauges);
        total.insert("commit_delays".into(), as_json::commit_delays(&metrics));
        total.insert("rooms".into(), count.into());
        total.insert("active_rooms".into(), self.active(now)?.into());
        Response::from_json(&json!({ "now": now, "total": total, "rooms": rooms }))
    }

    fn metrics(&self) -> Result<Response> {
        let total = self.total()?.unwrap_or_default();
        let known = self.known()?;
        let (gauges, rooms) = (together(&known), known.len() as u64);
        let active = self.active(platform::now().0)?;
        let own = [
            ("rooms", "Rooms that ever told something.", rooms),
            ("active_rooms", "Rooms that told something in the last two minutes.", active),
        ];
        let gauges = own.into_iter().chain(gauges.described());
        let text = open_metrics(&total.metrics, gauges, None);
        open_metrics_response(text)
    }

    fn active(&self, now: u64) -> Result<u64> {
        let since = SqlStorageValue::Integer(now.saturating_sub(ACTIVE_MS) as i64);
        self.count("SELECT COUNT(*) FROM room WHERE at >= ?", vec![since])
    }

    /// All rooms, those that told something last first.
    fn known(&self) -> Result<Vec<Known>> {
        let statement = "SELECT document, at, report FROM room ORDER BY at DESC";
        let cursor = self.sql.exec(statement, None)?;
        let mut known = Vec::new();
        for row in cursor.raw() {
            let [SqlStorageValue::String(document), SqlStorageValue::Integer(at), report] =
                &mut row?[..]
            else {
                continue;
            };
            let report = decode(report).unwrap_or_default();
            known.push(Known { document: std::mem::take(document), at: *at as u64, report });
        }
        Ok(known)
    }

    fn total(&self) -> Result<Option<Report>> {
        self.one("SELECT report FROM total", vec![])
    }

    fn one(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<Option<Report>> {
        let rows: Result<Vec<_>> = self.sql.exec(statement, bindings)?.raw().collect();
        Ok(rows?.pop().and_then(|row| decode(row.first()?)))
    }

    fn count(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<u64> {
        let rows: Result<Vec<_>> = self.sql.exec(statement, bindings)?.raw().collect();
        match rows?.pop().as_deref() {
            Some([SqlStorageValue::Integer(count)]) => Ok(*count as u64),
            _ => Ok(0),
        }
    }
}

/// All rooms together, as they told last.
fn together(known: &[Known]) -> Gauges {
    let mut all = Gauges::default();
    for Known { report, .. } in known {
        all.extend(&report.gauges);
    }
    all
}

/// A report that another build wrote counts as none.
fn decode(value: &SqlStorageValue) -> Option<Report> {
    match value {
        SqlStorageValue::Blob(bytes) => Report::decode(bytes),
        _ => None,
    }
}

/// All that was told, and how it is now.
fn sum(before: Option<Report>, report: &Report) -> Report {
    let mut sum = before.unwrap_or_default();
    sum.metrics.extend(&report.metrics);
    sum.gauges = report.gauges;
    sum
}

/// The answer to a scrape.
pub(super) fn open_metrics_response(text: String) -> Result<Response> {
    let response = Response::ok(text)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers().set("content-type", kind)?;
    Ok(response)
}

/// Hand a request on to the registry.
pub(super) async fn ask(env: &Env, request: Request) -> Result<Response> {
    env.durable_object(REGISTRY)?.get_by_name(NAME)?.fetch_with_request(request).await
}

/// Tell the registry how a room is. A deployment without one is not told.
pub(super) async fn tell(env: &Env, document: &str, report: &Report) -> Result<()> {
    post(env, document, &report.encode()).await
}

/// Have the registry forget a document that was deleted.
pub(super) async fn forget(env: &Env, document: &str) -> Result<()> {
    post(env, document, &[]).await
}

async fn post(env: &Env, document: &str, body: &[u8]) -> Result<()> {
    let Ok(namespace) = env.durable_object(REGISTRY) else { return Ok(()) };
    let mut init = RequestInit::new();
    let body = js_sys::Uint8Array::from(body);
    init.with_method(Method::Post).with_body(Some(body.into()));
    // A header holds no other characters.
    init.headers.set("document", &encode_document_name(document))?;
    let request = Request::new_with_init("https://registry/report", &init)?;
    namespace.get_by_name(NAME)?.fetch_with_request(request).await?;
    Ok(())
}
