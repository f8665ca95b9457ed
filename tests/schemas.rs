//! The schemas that this deployment brings can be read: one that cannot would let nobody in.

use std::fs;

use selvedge::policy::Schema;
use serde_json::Value;

#[test]
fn s4_every_deployed_schema_can_be_read() {
    for file in fs::read_dir("schemas").expect("the folder").map(|it| it.expect("a file").path()) {
        let text = fs::read_to_string(&file).expect("a text");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        assert!(json["documents"].as_array().is_some_and(|all| !all.is_empty()), "{file:?}");
        if let Err(error) = Schema::parse(&json["schema"].to_string()) {
            panic!("{}: {error}", file.display());
        }
    }
}
