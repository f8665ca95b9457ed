//! Who is let in: tokens are checked here, with keys that are fetched where a deployment says so.

use std::cell::RefCell;

use serde_json::json;
use worker::{Env, Request, Response, Result, WebSocketPair};

use super::logs::Logs;
use super::{platform, refuse_saying};
use crate::access::{Access, Entrance, Exclusion, Keys, TokenError, Visitor, Wish};
use crate::codec::Reader;
use crate::protocol::bearer::{answered_subprotocol, says_token_later, token_of};
use crate::protocol::route::Problem;
use crate::protocol::{Close, route};
use crate::room::Level;
use crate::time::Millis;

/// The header in which the Worker tells a room who sends a request. Nobody else reaches a room.
const ACCESS: &str = "selvedge-access";

/// Fetched keys are fetched again after this time, in milliseconds.
const KEYS_FRESH_MS: u64 = 300_000;
/// They are used for as long as this if that fails.
const KEYS_STALE_MS: u64 = 86_400_000;
/// A token whose key is not among them has them fetched again, but not more often than this.
const KEYS_AGAIN_MS: u64 = 30_000;
/// Where keys cannot be fetched, not everyone who comes tries it again.
const KEYS_FAILED_MS: u64 = 1_000;
const FETCH_MS_MAX: u32 = 5_000;

/// The keys of the deployment's address, shared by all requests of the isolate.
#[derive(Default)]
struct Fetched {
    url: String,
    keys: Option<(Millis, Keys)>,
    failed_at: Option<Millis>,
}

thread_local! {
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
    let setting = |name: &str| env.var(name).ok().map(|value| value.to_string());
    // What is wrong with the settings is said where somebody is let in.
    Entrance::read(setting).ok()?.readers(origin).map(str::to_owned)
}

/// A token to try things with.
pub(super) fn local_token(env: &Env, request: &Request) -> Result<Response> {
    let url = request.inner().url();
    let origin = request.headers().get("origin")?;
    let says_later = false;
    let visitor =
        Visitor { token: None, says_later, origin: origin.as_deref(), host: route::host_of(&url) };
    let wish = Wish::from_query(route::query_of(&url).unwrap_or_default());
    let token = entrance(env).ok().and_then(|it| it.issue(&visitor, &wish?, platform::now()));
    let Some(token) = token else { return super::refuse(Problem::NotFound) };
    let response = Response::ok(token)?;
    response.headers().set("cache-control", "no-store")?;
    // Pages of other local servers, while an application is built.
    response.headers().set("access-control-allow-origin", origin.as_deref().unwrap_or("*"))?;
    Ok(response)
}

fn entrance(env: &Env) -> std::result::Result<Entrance, Exclusion> {
    let setting = |name: &str| env.var(name).ok().map(|value| value.to_string());
    Entrance::read(setting).map_err(|error| {
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
    let Some(url) = entrance.jwks_url() else {
        return entrance.admit(visitor, &Keys::default(), document, platform::now());
    };
    if visitor.token.is_none() {
        return entrance.admit(visitor, &Keys::default(), document, platform::now());
    }
    let keys = keys(env, url, KEYS_FRESH_MS).await?;
    let admitted = entrance.admit(visitor, &keys, document, platform::now());
    // Keys are changed by adding the new one before it is used: perhaps it was.
    if !matches!(admitted, Err(Exclusion::Token(TokenError::UnknownKey | TokenError::Algorithm))) {
        return admitted;
    }
    let keys = self::keys(env, url, KEYS_AGAIN_MS).await?;
    entrance.admit(visitor, &keys, document, platform::now())
}

/// The keys at `url`, fetched if they are older than `fresh_ms`.
async fn keys(env: &Env, url: &str, fresh_ms: u64) -> std::result::Result<Keys, Exclusion> {
    let now = platform::now();
    let (known, may_try) = FETCHED.with_borrow(|fetched| {
        let known = fetched.keys.clone().filter(|_| fetched.url == url);
        let failed = fetched.failed_at.filter(|_| fetched.url == url);
        (known, failed.is_none_or(|at| now.since(at) >= KEYS_FAILED_MS))
    });
    let is_fresh = |(at, _): &&(Millis, Keys)| now.since(*at) < fresh_ms;
    if let Some((_, keys)) = known.as_ref().filter(is_fresh) {
        return Ok(keys.clone());
    }
    let fetched = match may_try {
        true => fetch(url).await.map_err(Some),
        false => Err(None),
    };
    match fetched {
        Ok(keys) => {
            let keys = (platform::now(), keys);
            let answer = keys.1.clone();
            let fetched = Fetched { url: url.to_owned(), keys: Some(keys), failed_at: None };
            FETCHED.set(fetched);
            Ok(answer)
        }
        Err(reason) => {
            if let Some(reason) = reason {
                let fields = json!({ "reason": reason });
                Logs::read(env).say(Level::Error, "no-keys", fields);
                let keys = known.clone();
                FETCHED.set(Fetched { url: url.to_owned(), keys, failed_at: Some(now) });
            }
            let stale = known.filter(|(at, _)| now.since(*at) < KEYS_STALE_MS);
            stale.map(|(_, keys)| keys).ok_or(Exclusion::KeysUnavailable)
        }
    }
}

async fn fetch(url: &str) -> std::result::Result<Keys, String> {
    let text = platform::fetch_text(url, FETCH_MS_MAX).await;
    let text = text.map_err(|error| platform::message_of(&error))?;
    Keys::public(&text.as_string().unwrap_or_default()).map_err(|error| error.to_string())
}

/// Hand a request on with what its sender may do.
pub(super) fn with_access(request: &Request, access: &Access) -> Result<Request> {
    let mut bytes = Vec::new();
    access.write(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut request = request.clone_mut()?;
    // Whatever the sender wrote there is gone.
    request.headers_mut()?.set(ACCESS, &hex)?;
    Ok(request)
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
