//! The description of all routes says what the table of routes says, and holds together.

use std::collections::BTreeSet;

use selvedge::access::{Action, Permission, Role, permits};
use selvedge::protocol::route::{self, DESCRIPTION, Operation};
use serde_json::{Map, Value};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn description() -> Value {
    serde_json::from_str(DESCRIPTION).expect("it is JSON")
}

fn object<'a>(value: &'a Value, name: &str) -> &'a Map<String, Value> {
    value[name].as_object().unwrap_or_else(|| panic!("{name} is no object in {value}"))
}

/// Method and path of each operation that is described, and what is said of it.
fn described(all: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in object(all, "paths") {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                found.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    found
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let described: BTreeSet<_> =
        described(&description()).into_iter().map(|(method, path, _)| (method, path)).collect();
    let routes: BTreeSet<_> = Operation::ALL
        .iter()
        .map(|it| (it.method().to_owned(), it.path().replace("{+", "{")))
        .collect();
    assert_eq!(described, routes);
}

#[test]
fn every_operation_has_what_it_needs() {
    let all = description();
    assert_eq!(all["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (method, path, operation) in described(&all) {
        let what = format!("{method} {path}");
        let id = operation["operationId"].as_str().expect(&what);
        assert!(ids.insert(id.to_owned()), "{what}: another has the id {id}");
        assert!(operation["summary"].as_str().is_some_and(|it| it.ends_with('.')), "{what}");
        let statuses = object(&operation, "responses");
        assert!(statuses.keys().any(|it| it.starts_with('2') || it == "101"), "{what}");
        let is_guarded = path.starts_with("/documents/") || path.starts_with("/sync/");
        for status in ["401", "403"] {
            assert!(!is_guarded || statuses.contains_key(status), "{what}: {status}");
        }
        let security = operation["security"].to_string();
        assert_eq!(security.contains("token"), is_guarded, "{what}");
        let is_for_operators = is_for_operators(&method, &path);
        assert_eq!(security.contains("operatorSecret"), is_for_operators, "{what}");
        // Each name in the path is a parameter.
        let parameters = [&all["paths"][&path]["parameters"], &operation["parameters"]];
        let parameters = parameters.into_iter().filter_map(Value::as_array).flatten();
        let in_path: BTreeSet<_> = parameters
            .map(|it| it["$ref"].as_str().map_or(it, |at| pointed(&all, at)))
            .filter(|it| it["in"] == "path")
            .map(|it| it["name"].as_str().expect(&what).to_owned())
            .collect();
        let named = path.split('{').skip(1).filter_map(|part| part.split('}').next());
        assert_eq!(in_path, named.map(str::to_owned).collect(), "{what}");
    }
}

/// Whether the table of routes or that of roles lets operators do it.
fn is_for_operators(method: &str, path: &str) -> bool {
    let (at, upgrade) =
        (path.replace("{sequence}", "7").replace(['{', '}'], ""), Some("websocket"));
    let request = route::Request { method, path: &at, upgrade, subprotocols: None };
    let route = route::route(&request).unwrap_or_else(|problem| panic!("{path}: {problem:?}"));
    let action = Action::of_route(&route);
    let may = |action| permits(Some(Role::Operator), action) == Permission::Yes;
    route.is_for_operators() || action.is_some_and(may)
}

fn pointed<'a>(all: &'a Value, at: &str) -> &'a Value {
    let pointer = at.strip_prefix('#').expect("within the description");
    all.pointer(pointer).unwrap_or_else(|| panic!("{at} is not there"))
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(entries) => {
            found.extend(entries.get("$ref").and_then(Value::as_str));
            entries.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn what_it_points_to_is_there_and_used() {
    let all = description();
    let mut found = Vec::new();
    references(&all, &mut found);
    for at in &found {
        pointed(&all, at);
    }
    for group in ["parameters", "responses", "schemas"] {
        for name in object(&all["components"], group).keys() {
            let at = format!("#/components/{group}/{name}");
            assert!(found.contains(&&at[..]), "nothing points to {at}");
        }
    }
}
