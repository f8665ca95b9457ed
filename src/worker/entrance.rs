//! Who is let in: tokens are checked here, with keys that are fetched where a deployment says so.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::json;
use worker::{Env, Request, Response, Result, WebSocketPair};

use super::logs::Logs;
use super::{operator, platform, refuse_saying};
use crate::access::{
    Access, Entrance, Exclusion, Fetched, Keys, SettingError, Settings, Supply, Visitor, Wish,
};
use crate::codec::Reader;
use crate::protocol::bearer::{answered_subprotocol, says_token_later, token_of};
use crate::protocol::route::Problem;
use crate::protocol::{Close, route};
use crate::room::Level;

/// The header in which the Worker tells a room who sends a request. Nobody else reaches a room.
const ACCESS: &str = "selvedge-access";

const FETCH_MS_MAX: u32 = 5_000;

thread_local! {
    /// Shared by all requests of the isolate.
    static SETTINGS: RefCell<Settings> = RefCell::default();
    /// The keys of the deployment's address, as well.
    static FETCHED: RefCell<Fetched> = RefCell::default();
    /// It was said that the deployment is open.
    static WARNED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// What the sender of `request` may do in `document`.
pub(super) async fn admit_request(
    env: &Env,
    request: &Request,
    document: &str,
) -> std::result::Result<Access, Exclusion> {
    let header = |name| request.headers().get(name).ok().flatten();
    let (authorization, subprotocols) = (header("authorization"), header("sec-websocket-protocol"));
    let url = request.inner().url();
    let query = route::query_of(&url);
    let token = token_of(authorization.as_deref(), subprotocols.as_deref(), query);
    let origin = header("origin");
    let visitor = Visitor {
        is_operator: operator::shows_secret(request, env),
        token: token.as_deref(),
        // There is no later but on a socket.
        says_later: says_token_later(query) && header("upgrade").is_some(),
        origin: origin.as_deref(),
        host: route::host_of(&url),
    };
    admit(env, &visitor, document).await
}

/// Which pages may read the answer to one of this origin, as a header says it.
pub(super) fn readers(env: &Env, origin: Option<&str>) -> Option<String> {
    // What is wrong with the settings is said where somebody is let in.
    settings(env).ok()?.readers(origin).map(str::to_owned)
}

/// A token to try things with.
pub(super) fn local_token(env: &Env, request: &Request) -> Result<Response> {
    let url = request.inner().url();
    let origin = request.headers().get("origin")?;
    let visitor = Visitor {
        is_operator: false,
        token: None,
        says_later: false,
        origin: origin.as_deref(),
        host: route::host_of(&url),
    };
    let wish = Wish::from_query(route::query_of(&url).unwrap_or_default());
    let token = entrance(env).ok().and_then(|it| it.issue(&visitor, &wish?, platform::now()));
    let Some(token) = token else { return super::refuse(Problem::NotFound) };
    let response = Response::ok(token)?;
    response.headers().set("cache-control", "no-store")?;
    // Pages of other local servers, while an application is built.
    response.headers().set("access-control-allow-origin", origin.as_deref().unwrap_or("*"))?;
    Ok(response)
}

fn settings(env: &Env) -> std::result::Result<Rc<Entrance>, SettingError> {
    let setting = |name: &str| env.var(name).ok().map(|value| value.to_string());
    SETTINGS.with_borrow_mut(|settings| settings.read(setting))
}

fn entrance(env: &Env) -> std::result::Result<Rc<Entrance>, Exclusion> {
    settings(env).map_err(|error| {
        let fields = json!({ "reason": error.to_string() });
        Logs::read(env).say(Level::Error, "setting", fields);
        Exclusion::Setting
    })
}

/// What `visitor` may do in `document`.
pub(super) async fn admit(
    env: &Env,
    visitor: &Visitor<'_>,
    document: &str,
) -> std::result::Result<Access, Exclusion> {
    let entrance = entrance(env)?;
    if entrance.is_open() && !WARNED.replace(true) {
        let fields = json!({ "reason": "documents open without a token" });
        Logs::read(env).say(Level::Warn, "open", fields);
    }
    let Some(url) = entrance.keys_for(visitor) else {
        return entrance.admit(visitor, &Keys::default(), document, platform::now());
    };
    let keys = keys(env, url, false).await?;
    let admitted = entrance.admit(visitor, &keys, document, platform::now());
    if !admitted.as_ref().is_err_and(|exclusion| exclusion.may_be_of_old_keys()) {
        return admitted;
    }
    let keys = self::keys(env, url, true).await?;
    entrance.admit(visitor, &keys, document, platform::now())
}

/// The keys at `url`; `newer` ones, if some were not enough.
async fn keys(env: &Env, url: &str, newer: bool) -> std::result::Result<Keys, Exclusion> {
    let mut supply = FETCHED.with_borrow(|it| it.supply(url, platform::now(), newer));
    if let Supply::Fetch = supply {
        let fetched = fetch(url).await;
        if let Err(reason) = &fetched {
            let fields = json!({ "reason": reason });
            Logs::read(env).say(Level::Error, "no-keys", fields);
        }
        supply = FETCHED.with_borrow_mut(|it| it.take(url, platform::now(), fetched.ok()));
    }
    match supply {
        Supply::Keys(keys) => Ok(keys),
        Supply::Fetch | Supply::None => Err(Exclusion::KeysUnavailable),
    }
}

async fn fetch(url: &str) -> std::result::Result<Keys, String> {
    let text = platform::fetch_text(url, FETCH_MS_MAX).await;
    let text = text.map_err(|error| platform::message_of(&error))?;
    Keys::public(&text.as_string().unwrap_or_default()).map_err(|error| error.to_string())
}

/// The header in which the Worker tells a room which session without a WebSocket of its own a
/// request is about.
const LINE: &str = "selvedge-line";

/// Hand a request on with what its sender may do.
pub(super) fn with_access(
    request: &Request,
    access: &Access,
    line: Option<&str>,
) -> Result<Request> {
    let mut bytes = Vec::new();
    access.write(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut request = request.clone_mut()?;
    // Whatever the sender wrote there is gone.
    request.headers_mut()?.set(ACCESS, &hex)?;
    match line {
        Some(line) => request.headers_mut()?.set(LINE, line)?,
        None => request.headers_mut()?.delete(LINE)?,
    }
    Ok(request)
}

/// A poll, or a follower, by the Worker.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Line {
    /// What the client calls its session, and the number of the poll.
    Poll { session: String, number: String },
    /// It only listens, and is told by the status of an answer if it is refused.
    Follower,
}

/// What the Worker said of it.
pub(super) fn line_of(request: &Request) -> Option<Line> {
    let line = request.headers().get(LINE).ok()??;
    Some(match line.split_once('/') {
        Some((session, number)) => Line::Poll { session: session.into(), number: number.into() },
        None => Line::Follower,
    })
}

/// What the Worker said of a request's sender.
pub(super) fn access_of(request: &Request) -> Option<Access> {
    let hex = request.headers().get(ACCESS).ok()??;
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<_>> = hex.as_bytes().chunks(2).map(byte).collect();
    Access::read(&mut Reader::new(&bytes?)).ok()
}

/// Tell somebody why they are not let in. Browsers are shown why a socket was closed, but not why
/// it was not opened.
pub(super) fn turn_away(request: &Request, exclusion: Exclusion) -> Result<Response> {
    let header = |name| request.headers().get(name).ok().flatten();
    if header("upgrade").is_none() {
        return refuse_saying(Problem::from(exclusion), &exclusion.to_string());
    }
    close_at_once(request, Close::from(exclusion))
}

/// The same, of a request for a socket: it opens only to be closed.
pub(super) fn close_at_once(request: &Request, close: Close) -> Result<Response> {
    let header = |name| request.headers().get(name).ok().flatten();
    let pair = WebSocketPair::new()?;
    platform::turn_away(pair.server.as_ref(), close)?;
    let response = Response::from_websocket(pair.client)?;
    let subprotocols = header("sec-websocket-protocol");
    if let Some(answered) = answered_subprotocol(subprotocols.as_deref()) {
        response.headers().set("sec-websocket-protocol", answered)?;
    }
    Ok(response)
}
