//! The Cloudflare shell: requests come in, rooms run in Durable Objects. Nothing is decided here.

// What the macro of a Durable Object writes carries no documentation.
#[allow(missing_docs)]
mod durable_object;
mod fault;
mod platform;
mod storage;

use worker::{Context, Env, Headers, Request, Response, Result, event};

use crate::protocol::route::{self, Problem, Route, route};

pub use durable_object::Room;

/// The Durable Object namespace of rooms, as `wrangler.toml` binds it.
const ROOMS: &str = "ROOMS";
/// What counts the documents that an address opens, as `wrangler.toml` binds it.
const OPENINGS: &str = "OPENINGS";

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> Result<Response> {
    match route_of(&request) {
        Ok(Route::Health) => Response::ok("ok\n"),
        Ok(Route::Sync { document, .. }) => {
            if !may_open(&request, &env).await? {
                return refuse(Problem::TooMany);
            }
            let room = env.durable_object(ROOMS)?.get_by_name(&document)?;
            match room.fetch_with_request(request).await {
                Ok(response) => Ok(response),
                Err(error) => {
                    worker::console_error!("room did not answer: {error}");
                    refuse(Problem::Unavailable)
                }
            }
        }
        Err(problem) => refuse(problem),
    }
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
    let headers = Headers::new();
    headers.set("content-type", "application/problem+json")?;
    for (name, value) in problem.headers() {
        headers.set(name, value)?;
    }
    let response = Response::ok(problem.body())?;
    Ok(response.with_status(problem.status()).with_headers(headers))
}
