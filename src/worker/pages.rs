//! Pages of other origins: which may ask, and read the answers. Tokens go in a header or in the
//! query, so that no page acts with what the browser alone knows of its user.

use worker::{Env, Headers, Request, Response, Result};

use super::entrance;
use crate::protocol::route;

/// For how long a browser need not ask again, in seconds.
const ASKED_S: &str = "3600";

/// A request, as far as browsers mind who asks.
pub(super) struct Asked {
    is_preflight: bool,
    /// What may be asked at this path, if pages may at all.
    allowed: Option<String>,
    origin: Option<String>,
}

impl Asked {
    pub(super) fn by(request: &Request) -> Self {
        let is_preflight = request.inner().method() == "OPTIONS";
        let allowed = route::preflight(route::path_of(&request.inner().url()));
        let origin = request.headers().get("origin").ok().flatten();
        Self { is_preflight, allowed, origin }
    }

    /// The answer to a browser that asks whether a page may ask.
    pub(super) fn preflight(&self, env: &Env) -> Option<Result<Response>> {
        let allowed = self.allowed.as_deref().filter(|_| self.is_preflight)?;
        Some(self.allow(env, allowed))
    }

    fn allow(&self, env: &Env, allowed: &str) -> Result<Response> {
        let headers = Headers::new();
        headers.set("allow", allowed)?;
        headers.set("access-control-allow-methods", allowed)?;
        let sent = "authorization, content-type, traceparent";
        headers.set("access-control-allow-headers", sent)?;
        headers.set("access-control-max-age", ASKED_S)?;
        self.readers(env, &headers)?;
        Ok(Response::empty()?.with_status(204).with_headers(headers))
    }

    /// `response`, with what a browser has to know to let the page read it.
    pub(super) fn readable(&self, env: &Env, response: Response) -> Result<Response> {
        if self.allowed.is_none() {
            return Ok(response);
        }
        // Those of a room's answer cannot be changed.
        let headers = Headers::from_iter(response.headers().entries());
        if !headers.has("cache-control")? {
            headers.set("cache-control", "no-store")?;
        }
        headers.set("access-control-expose-headers", "selvedge-epoch, selvedge-sequence")?;
        self.readers(env, &headers)?;
        Ok(response.with_headers(headers))
    }

    fn readers(&self, env: &Env, headers: &Headers) -> Result<()> {
        let Some(readers) = entrance::readers(env, self.origin.as_deref()) else { return Ok(()) };
        if readers != "*" {
            headers.set("vary", "origin")?;
        }
        headers.set("access-control-allow-origin", &readers)
    }
}
