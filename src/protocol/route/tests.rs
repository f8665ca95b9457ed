use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn get(path: &str) -> Result<Route, Problem> {
    let upgrade = Some("WebSocket");
    route(&Request { method: "GET", path, upgrade, subprotocols: None })
}

fn document(path: &str) -> Result<String, Problem> {
    match get(path)? {
        Route::Sync { document, .. } => Ok(document),
        other => panic!("{path} is {other:?}"),
    }
}

#[test]
fn documents_are_named_in_the_path() {
    assert_eq!(document("/sync/a"), Ok("a".into()));
    assert_eq!(document("/sync/team/plan%202"), Ok("team/plan 2".into()));
    assert_eq!(document("/sync/%F0%9F%A7%B5"), Ok("🧵".into()));
    for name in ["a b/ü?#%", "🧵"] {
        assert_eq!(document(&format!("/sync/{}", encode_document_name(name))), Ok(name.into()));
    }
}

#[test]
fn bad_names_are_told_the_rule() {
    let long = format!("/sync/{}", "x".repeat(513));
    for path in ["/sync/", "/sync/%", "/sync/%4", "/sync/%ff", "/sync/a%00", &long] {
        assert_eq!(document(path), Err(Problem::DocumentName), "{path}");
    }
}

#[test]
fn paths_are_cut_out_of_urls() {
    assert_eq!(path_of("https://a.b:8787/sync/x%20y?token=t#f"), "/sync/x%20y");
    assert_eq!(path_of("https://a.b"), "/");
    assert_eq!(host_of("https://a.b:8787/sync/x%20y?token=t#f"), "a.b:8787");
    assert_eq!((host_of("https://a.b?x"), host_of("x")), ("a.b", ""));
    assert_eq!(query_of("https://a.b:8787/sync/x%20y?token=t?#f?"), Some("token=t?"));
    assert_eq!(query_of("https://a.b/#?x"), None);
}

#[test]
fn the_subprotocol_chooses_the_dialect() {
    for (subprotocols, expected) in [
        (None, Dialect::Stock),
        (Some("other"), Dialect::Stock),
        (Some("other, selvedge.v1"), Dialect::Native),
    ] {
        let upgrade = Some("websocket");
        let request = Request { method: "GET", path: "/sync/a", upgrade, subprotocols };
        let document = "a".to_owned();
        assert_eq!(route(&request), Ok(Route::Sync { document, dialect: expected }));
    }
}

#[test]
fn operators_have_routes_of_their_own() {
    let document = || "a b/c".to_owned();
    let status = Ok(Route::Status { document: document() });
    assert_eq!(get("/admin/api/rooms/a%20b/c"), status);
    let metrics = Ok(Route::Metrics { document: Some(document()) });
    assert_eq!(get("/metrics/a%20b/c"), metrics);
    assert_eq!(get("/metrics"), Ok(Route::Metrics { document: None }));
    assert_eq!(get("/admin/api/rooms"), Ok(Route::Rooms));
    for path in ["/metrics", "/metrics/a", "/admin/api/rooms", "/admin/api/rooms/a"] {
        assert!(get(path).unwrap().is_for_operators(), "{path}");
    }
    let openings = ["/sync/a", "/readyz"].map(|path| get(path).unwrap().is_opening());
    assert_eq!(openings, [true, true]);
    assert!(!get("/metrics/a").unwrap().is_opening() && !get("/healthz").unwrap().is_opening());
    for path in ["/admin", "/admin/", "/admin/main.js"] {
        assert_eq!(get(path), Ok(Route::Page));
    }
    assert_eq!(get("/metrics/%ff"), Err(Problem::DocumentName));
}

#[test]
fn other_requests_get_their_status() {
    assert_eq!(get("/healthz"), Ok(Route::Health));
    assert_eq!(get("/readyz"), Ok(Route::Ready));
    assert_eq!(get("/sync"), Err(Problem::NotFound));
    assert_eq!(get("/administration"), Err(Problem::NotFound));
    assert_eq!(get("/x/sync/a"), Err(Problem::NotFound));
    let mut request = Request { method: "GET", path: "/sync/a", upgrade: None, subprotocols: None };
    assert_eq!(route(&request), Err(Problem::UpgradeRequired));
    request.method = "POST";
    assert_eq!(route(&request), Err(Problem::Method("/sync/{+document}")));
    assert_eq!(Problem::Method("/sync/{+document}").headers(), [("allow", "GET".to_owned())]);
}

#[test]
fn what_is_asked_about_a_document_is_in_method_and_path() {
    fn ask(method: &str, path: &str) -> Result<(String, Ask), Problem> {
        let route = route(&Request { method, path, upgrade: None, subprotocols: None })?;
        match route {
            Route::Document { document, ask } => Ok((document, ask)),
            other => panic!("{path} is {other:?}"),
        }
    }
    let team = |ask| Ok(("team/a b".to_owned(), ask));
    assert_eq!(ask("GET", "/documents/team%2Fa%20b"), team(Ask::About));
    assert_eq!(ask("PUT", "/documents/team%2Fa%20b"), team(Ask::Create));
    assert_eq!(ask("GET", "/documents/team%2Fa%20b/at/7"), team(Ask::At { sequence: Some(7) }));
    assert_eq!(ask("GET", "/documents/team%2Fa%20b/at/head"), team(Ask::At { sequence: None }));
    let subject = "bob/2".to_owned();
    let erase = team(Ask::Erase { subject });
    assert_eq!(ask("DELETE", "/documents/team%2Fa%20b/subjects/bob%2F2"), erase);
    for path in ["/documents", "/documents/a/b", "/documents/a/audit/", "/documents/a/at"] {
        assert_eq!(ask("GET", path), Err(Problem::NotFound), "{path}");
    }
    for path in ["/documents/", "/documents//audit", "/documents/%ff/blame"] {
        assert_eq!(ask("GET", path), Err(Problem::DocumentName), "{path}");
    }
    for part in ["", "-1", "+1", "1.5", "x", "HEAD", "9007199254740992"] {
        let wrong = ask("GET", &format!("/documents/a/at/{part}"));
        assert!(matches!(wrong, Err(Problem::Parameter(_))), "{part}");
    }
    let wrong = ask("DELETE", "/documents/a/subjects/%00");
    assert!(matches!(wrong, Err(Problem::Parameter(_))));
    let method = Problem::Method("/documents/{document}/revocations");
    assert_eq!(ask("GET", "/documents/a/revocations"), Err(method));
    assert_eq!(method.headers(), [("allow", "POST, OPTIONS".to_owned())]);
}

#[test]
fn pages_may_ask_first() {
    assert_eq!(preflight("/documents/a").as_deref(), Some("GET, PUT, DELETE, OPTIONS"));
    assert_eq!(preflight("/openapi.json").as_deref(), Some("GET, OPTIONS"));
    for path in ["/sync/a", "/metrics", "/admin", "/documents", "/nothing"] {
        assert_eq!(preflight(path), None, "{path}");
    }
}
