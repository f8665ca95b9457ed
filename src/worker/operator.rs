//! Who has the operators' secret.

use subtle::ConstantTimeEq;
use worker::{Env, Request};

use super::logs::Logs;
use crate::protocol::route::Problem;
use crate::room::Level;

/// The secret that operators send.
const SECRET: &str = "OPERATOR_SECRET";
/// A shorter one could be guessed.
const SECRET_CHARACTERS_MIN: usize = 16;

/// The secret of this deployment. Without one there is nothing for operators.
fn secret(env: &Env) -> Result<String, Problem> {
    let secret = env.var(SECRET).map_err(|_| Problem::NotFound)?.to_string();
    if secret.chars().count() < SECRET_CHARACTERS_MIN {
        let fields = serde_json::json!({
            "name": SECRET,
            "expected": format!("at least {SECRET_CHARACTERS_MIN} characters"),
        });
        Logs::read(env).say(Level::Error, "setting", fields);
        return Err(Problem::Setting);
    }
    Ok(secret)
}

/// Whether the dashboard's page is served.
pub(super) fn has_page(env: &Env) -> Result<(), Problem> {
    secret(env).map(|_| ())
}

/// Whether `request` comes from an operator.
pub(super) fn is_operator(request: &Request, env: &Env) -> Result<(), Problem> {
    let secret = secret(env)?;
    if says(request, &secret) { Ok(()) } else { Err(Problem::Unauthorized) }
}

/// Whether `request` shows the secret where another one shows a token.
pub(super) fn shows_secret(request: &Request, env: &Env) -> bool {
    let secret = env.var(SECRET).map(|secret| secret.to_string()).unwrap_or_default();
    // One that is too short is none, which is said where only operators go.
    secret.chars().count() >= SECRET_CHARACTERS_MIN && says(request, &secret)
}

fn says(request: &Request, secret: &str) -> bool {
    let said = request.headers().get("authorization").ok().flatten().unwrap_or_default();
    let said = said.strip_prefix("Bearer ").unwrap_or_default();
    // In a time that does not tell how much of it is right.
    said.as_bytes().ct_eq(secret.as_bytes()).into()
}
