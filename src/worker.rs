//! The Cloudflare shell: requests come in, rooms run in Durable Objects. Nothing is decided here.

mod analytics;
mod ask;
// What the macro of a Durable Object writes carries no documentation.
#[allow(missing_docs)]
mod durable_object;
mod entrance;
mod fault;
mod held;
mod instances;
mod json;
mod line;
mod logs;
mod observe;
mod operator;
mod pages;
mod platform;
#[allow(missing_docs)]
mod registry;
mod schemas;
mod storage;

use worker::{Context, Env, Headers, Request, Response, Result, event};

use crate::protocol::route::{self, Problem, Route, route};
use crate::protocol::{Close, Trace};
use crate::room::Level;
use logs::Logs;

pub use durable_object::Room;
pub use registry::Registry;

/// The Durable Object namespace of rooms, as `wrangler.toml` binds it.
const ROOMS: &str = "ROOMS";
/// What counts the documents that an address opens, as `wrangler.toml` binds it.
const OPENINGS: &str = "OPENINGS";

/// The dashboard's files and the demo, as `wrangler.toml` binds them.
const ASSETS: &str = "ASSETS";
/// The room that is asked whether rooms can write. No document has a control character in its name.
const PROBE: &str = "\u{1}probe";

#[event(fetch)]
async fn fetch(request: Request, env: Env, behind: Context) -> Result<Response> {
    let (asked, trace) = (pages::Asked::by(&request), trace_of(&request));
    if let Some(answer) = asked.preflight(&env) {
        return answer;
    }
    let (name, answered) = match route_of(&request) {
        Ok(route) => (route.operation().name(), answer(route, request, &env, &behind).await),
        Err(problem) => ("none", Err(problem)),
    };
    let response = match answered {
        Ok(response) => response,
        Err(problem) => {
            log_refused(&env, name, problem.status(), trace);
            refuse(problem)?
        }
    };
    asked.readable(&env, response)
}

fn log_refused(env: &Env, route: &str, status: u16, trace: Option<Trace>) {
    let trace = trace.map(|trace| trace.to_string());
    let fields = serde_json::json!({ "route": route, "status": status, "trace": trace });
    Logs::read(env).say(Level::Info, "refused-request", fields);
}

async fn answer(
    route: Route,
    request: Request,
    env: &Env,
    behind: &Context,
) -> std::result::Result<Response, Problem> {
    if route.is_for_operators() {
        operator::is_operator(&request, env)?;
    }
    if route.is_opening() && !may_open(&request, env).await.unwrap_or(true) {
        return Err(Problem::TooMany);
    }
    let answered = match route {
        Route::Health => Response::ok("ok\n"),
        Route::Ready => ready(request, env).await,
        Route::Description => description(),
        Route::Page => {
            operator::has_page(env)?;
            page(request, env).await
        }
        Route::Rooms | Route::Metrics { document: None } => registry::ask(env, request).await,
        Route::LocalToken => entrance::local_token(env, &request),
        Route::Sync { ref document, .. }
        | Route::Poll { ref document, .. }
        | Route::Say { ref document, .. }
        | Route::Events { ref document }
        | Route::Document { ref document, .. } => {
            enter(env, behind, &route, document, request).await
        }
        Route::Status { document } | Route::Metrics { document: Some(document) } => {
            room(env, &document, request).await
        }
    };
    answered.map_err(|error| {
        let fields = serde_json::json!({ "reason": error.to_string() });
        Logs::read(env).say(Level::Error, "no-answer", fields);
        Problem::Unavailable
    })
}

/// Into a document, as somebody.
async fn enter(
    env: &Env,
    behind: &Context,
    route: &Route,
    document: &str,
    request: Request,
) -> Result<Response> {
    match entrance::admit_request(env, &request, document).await {
        Ok(access) => {
            let trace = trace_of(&request);
            let response = match route {
                Route::Poll { session, .. } => {
                    held::poll(env, behind, (document, session), request, &access).await?
                }
                Route::Events { .. } => {
                    held::events(env, behind, document, request, &access).await?
                }
                _ => room(env, document, entrance::with_access(&request, &access, None)?).await?,
            };
            if response.status_code() >= 400 {
                log_refused(env, route.operation().name(), response.status_code(), trace);
            }
            Ok(response)
        }
        Err(exclusion) => {
            let trace = trace_of(&request).map(|trace| trace.to_string());
            let fields = serde_json::json!({ "reason": exclusion.name(), "trace": trace });
            Logs::read(env).say(Level::Info, "turned-away", fields);
            match route {
                Route::Poll { .. } => held::closed(Close::from(exclusion)),
                _ => entrance::turn_away(&request, exclusion),
            }
        }
    }
}

async fn room(env: &Env, document: &str, request: Request) -> Result<Response> {
    env.durable_object(ROOMS)?.get_by_name(document)?.fetch_with_request(request).await
}

fn description() -> Result<Response> {
    let response = Response::ok(route::DESCRIPTION)?;
    response.headers().set("content-type", "application/json")?;
    Ok(response)
}

/// A room can be reached, and writes; the registry, too.
async fn ready(request: Request, env: &Env) -> Result<Response> {
    let room = room(env, PROBE, request.clone()?).await?;
    if room.status_code() != 200 {
        return Ok(room);
    }
    registry::ask(env, request).await
}

async fn page(request: Request, env: &Env) -> Result<Response> {
    let response = env.assets(ASSETS)?.fetch_request(request).await?;
    let headers = Headers::from_iter(response.headers().entries());
    // Nobody's page may lay itself over this one.
    headers.set("x-frame-options", "DENY")?;
    Ok(response.with_headers(headers))
}

/// The trace that a request says it belongs to.
fn trace_of(request: &Request) -> Option<Trace> {
    Trace::from_header(&request.headers().get("traceparent").ok()??)
}

/// Whether the address that the request comes from may open another document. A deployment without
/// the counter allows it.
async fn may_open(request: &Request, env: &Env) -> Result<bool> {
    match (env.rate_limiter(OPENINGS), request.headers().get("cf-connecting-ip")?) {
        (Ok(openings), Some(address)) => Ok(openings.limit(address).await?.success),
        _ => Ok(true),
    }
}

/// Where `request` goes.
fn route_of(request: &Request) -> std::result::Result<Route, Problem> {
    let header = |name| request.headers().get(name).ok().flatten();
    let (upgrade, subprotocols) = (header("upgrade"), header("sec-websocket-protocol"));
    let url = request.inner().url();
    route(&route::Request {
        method: request.method().as_ref(),
        path: route::path_of(&url),
        upgrade: upgrade.as_deref(),
        subprotocols: subprotocols.as_deref(),
    })
}

fn refuse(problem: Problem) -> Result<Response> {
    refuse_saying(problem, problem.detail())
}

fn refuse_saying(problem: Problem, detail: &str) -> Result<Response> {
    let headers = Headers::new();
    headers.set("content-type", "application/problem+json")?;
    for (name, value) in problem.headers() {
        headers.set(name, &value)?;
    }
    // It can repeat what a body said.
    let quoted = serde_json::Value::from(detail).to_string();
    let detail = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let response = Response::ok(problem.body_saying(detail))?;
    Ok(response.with_status(problem.status()).with_headers(headers))
}
