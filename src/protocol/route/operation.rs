//! Everything that can be asked over HTTP: the one table of methods and paths.

/// The operations of one name, method and path each. They are told apart by the path first: the
/// first template that fits counts, and its operations are those of the path.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $method:literal $path:literal $short:literal,)*) => {
        /// Something that can be asked. `{name}` in a path is one segment of it, `{+name}` all
        /// that follows.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl Operation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// `GET`, `POST`, …
            pub fn method(self) -> &'static str {
                match self { $(Self::$name => $method,)* }
            }

            /// The template of its path.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// Its name in logs.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $short,)* }
            }
        }
    };
}

operations! {
    /// The Worker serves.
    Health = "GET" "/healthz" "health",
    /// Rooms can be reached, and can write.
    Ready = "GET" "/readyz" "ready",
    /// What can be asked, for programs (OpenAPI).
    Description = "GET" "/openapi.json" "description",
    /// Of all documents together, for operators.
    Metrics = "GET" "/metrics" "metrics",
    /// Of one document, for operators.
    MetricsOf = "GET" "/metrics/{+document}" "metrics",
    /// Which rooms there are, for operators.
    Rooms = "GET" "/admin/api/rooms" "rooms",
    /// How one room is, for operators.
    Status = "GET" "/admin/api/rooms/{+document}" "status",
    /// The dashboard's page. It shows nothing before an operator signs in.
    Page = "GET" "/admin" "page",
    /// Its files.
    PageFile = "GET" "/admin/{+file}" "page",
    /// A token to try things with, on one's own machine.
    LocalToken = "GET" "/local/token" "local-token",
    /// With an upgrade: into the document's room.
    Sync = "GET" "/sync/{+document}" "sync",
    /// Without a WebSocket: what the room says, for as long as the answer is held.
    Poll = "POST" "/documents/{document}/poll/{session}" "poll",
    /// Without a WebSocket: say something to the room, in a session that a poll began.
    Say = "POST" "/documents/{document}/say/{session}" "say",
    /// What changes, as server-sent events.
    Events = "GET" "/documents/{document}/events" "events",
    /// How the document is.
    About = "GET" "/documents/{document}" "about",
    /// Begin its history.
    Create = "PUT" "/documents/{document}" "create",
    /// Forget all of it.
    Delete = "DELETE" "/documents/{document}" "delete",
    /// What was decided.
    Audit = "GET" "/documents/{document}/audit" "audit",
    /// As it was.
    At = "GET" "/documents/{document}/at/{sequence}" "at",
    /// Who wrote what.
    Blame = "GET" "/documents/{document}/blame" "blame",
    /// Who wrote what is at one place.
    Who = "GET" "/documents/{document}/who" "who",
    /// The rules that it is held to.
    Schema = "GET" "/documents/{document}/schema" "schema",
    /// Hold it to other rules.
    SetSchema = "PUT" "/documents/{document}/schema" "set-schema",
    /// Who is connected.
    Sessions = "GET" "/documents/{document}/sessions" "sessions",
    /// Have what was granted before be over.
    Revoke = "POST" "/documents/{document}/revocations" "revoke",
    /// Forget who somebody is.
    Erase = "DELETE" "/documents/{document}/subjects/{subject}" "erase",
}

impl Operation {
    /// The template of a path, and what stands in the place of its names, as it is written; nothing
    /// if there is nothing at that path.
    pub(super) fn at(path: &str) -> Option<(&'static str, Vec<&str>)> {
        let templates = Self::ALL.iter().map(|operation| operation.path());
        templates.into_iter().find_map(|template| Some((template, fit(template, path)?)))
    }

    /// The operation at a template that has this method.
    pub(super) fn of(template: &str, method: &str) -> Option<Self> {
        let has = |it: &&Self| it.path() == template && it.method() == method;
        Self::ALL.iter().find(has).copied()
    }

    /// The methods of a template, as the header `allow` lists them.
    pub fn allowed(template: &str) -> String {
        let here = Self::ALL.iter().filter(|operation| operation.path() == template);
        let methods = here.clone().map(|operation| operation.method());
        let asks_first =
            here.clone().any(|operation| operation.is_for_pages()).then_some("OPTIONS");
        methods.chain(asks_first).collect::<Vec<_>>().join(", ")
    }

    /// Whether pages of other origins may ask this, as far as the deployment lets them.
    pub fn is_for_pages(self) -> bool {
        self == Self::Description || self.path().starts_with("/documents/")
    }
}

/// What stands in `path` in the place of the names in `template`.
fn fit<'a>(template: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let (mut template, mut path, mut found) = (template, path, Vec::new());
    loop {
        let Some((before, named)) = template.split_once('{') else {
            return (template == path).then_some(found);
        };
        let (name, behind) = named.split_once('}')?;
        path = path.strip_prefix(before)?;
        let end = match name.starts_with('+') {
            true => path.len(),
            false => path.find('/').unwrap_or(path.len()),
        };
        found.push(&path[..end]);
        (template, path) = (behind, &path[end..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn templates_say_where_names_stand() {
        assert_eq!(fit("/a", "/a"), Some(vec![]));
        assert_eq!(fit("/a", "/a/"), None);
        assert_eq!(fit("/a/{x}", "/a/b%2Fc"), Some(vec!["b%2Fc"]));
        assert_eq!(fit("/a/{x}", "/a/b/c"), None);
        assert_eq!(fit("/a/{+x}", "/a/b/c"), Some(vec!["b/c"]));
        assert_eq!(fit("/a/{x}/b/{y}", "/a/1/b/2"), Some(vec!["1", "2"]));
        assert_eq!(fit("/a/{x}/b/{y}", "/a/1/b"), None);
    }

    #[test]
    fn operations_are_told_apart() {
        for (index, one) in Operation::ALL.iter().enumerate() {
            let same = |it: &&Operation| it.path() == one.path() && it.method() == one.method();
            assert_eq!(Operation::ALL.iter().position(|it| same(&it)), Some(index));
            assert_eq!(Operation::of(one.path(), one.method()), Some(*one));
        }
        assert_eq!(Operation::allowed("/documents/{document}"), "GET, PUT, DELETE, OPTIONS");
        assert_eq!(Operation::allowed("/sync/{+document}"), "GET");
    }
}
