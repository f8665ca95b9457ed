//! XML types as a string, as Yjs writes them: attributes and formats sorted, nothing escaped.
//!
//! Source: `toString` of `YXmlFragment`, `YXmlElement` and `YXmlText` in Yjs 13.6. Nodes are kept
//! on a list of their own instead of the stack, which a peer could exhaust.

use yrs::types::text::YChange;
use yrs::{Any, Array, ArrayRef, Map, MapRef, Out, ReadTxn, Text, XmlElementRef, XmlTextRef};

use super::checked::readable;
use super::value::sorted;

enum Step {
    Node(Out),
    Text(String),
}

/// The markup of `node`.
pub(super) fn markup(txn: &impl ReadTxn, node: Out) -> String {
    let mut markup = String::new();
    let mut steps = vec![Step::Node(node)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Text(text) => markup.push_str(&text),
            Step::Node(Out::YXmlElement(element)) => {
                let name =
                    element.try_tag().map(|tag| tag.to_ascii_lowercase()).unwrap_or_default();
                open_tag(txn, &element, &name, &mut markup);
                steps.push(Step::Text(["</", &name, ">"].concat()));
                push_children(txn, element.as_ref(), &mut steps);
            }
            Step::Node(Out::YXmlFragment(fragment)) => {
                push_children(txn, fragment.as_ref(), &mut steps);
            }
            Step::Node(Out::YXmlText(text)) => write_text(txn, &text, &mut markup),
            Step::Node(Out::Any(any)) => write_value(&any, &mut markup),
            Step::Node(_) => {}
        }
    }
    markup
}

fn push_children(txn: &impl ReadTxn, list: &ArrayRef, steps: &mut Vec<Step>) {
    let branch: &yrs::branch::Branch = list.as_ref();
    if readable(&yrs::branch::BranchPtr::from(branch), txn).is_err() {
        return;
    }
    let start = steps.len();
    steps.extend(list.iter(txn).map(Step::Node));
    // The last step is taken first.
    if let Some(children) = steps.get_mut(start..) {
        children.reverse();
    }
}

fn open_tag(txn: &impl ReadTxn, element: &XmlElementRef, name: &str, markup: &mut String) {
    let branch: &yrs::branch::Branch = element.as_ref();
    let attributes = MapRef::from(yrs::branch::BranchPtr::from(branch));
    markup.push('<');
    markup.push_str(name);
    for key in sorted(attributes.keys(txn)) {
        let value = attributes.get(txn, key);
        write_attribute(key, value.as_ref(), markup);
    }
    markup.push('>');
}

fn write_text(txn: &impl ReadTxn, text: &XmlTextRef, markup: &mut String) {
    for piece in text.diff(txn, YChange::identity) {
        let formats = piece.attributes.unwrap_or_default();
        let names: Vec<&str> = sorted(formats.keys().map(AsRef::as_ref)).collect();
        for name in &names {
            markup.push('<');
            markup.push_str(name);
            if let Some(Any::Map(attributes)) = formats.get(*name) {
                for key in sorted(attributes.keys().map(String::as_str)) {
                    let value = attributes.get(key).cloned().map(Out::Any);
                    write_attribute(key, value.as_ref(), markup);
                }
            }
            markup.push('>');
        }
        if let Out::Any(any) = &piece.insert {
            write_value(any, markup);
        }
        for name in names.iter().rev() {
            markup.push_str("</");
            markup.push_str(name);
            markup.push('>');
        }
    }
}

fn write_attribute(key: &str, value: Option<&Out>, markup: &mut String) {
    markup.push(' ');
    markup.push_str(key);
    markup.push_str("=\"");
    if let Some(Out::Any(any)) = value {
        write_value(any, markup);
    }
    markup.push('"');
}

/// A value as JavaScript makes a string of it.
fn write_value(any: &Any, markup: &mut String) {
    match any {
        Any::String(string) => markup.push_str(string),
        Any::Null => markup.push_str("null"),
        Any::Undefined => markup.push_str("undefined"),
        Any::Bool(bool) => markup.push_str(if *bool { "true" } else { "false" }),
        Any::Number(_) => {
            // As JSON writes it, by code that is there anyway. It overwrites what it is given.
            let mut number = String::new();
            any.to_json(&mut number);
            markup.push_str(&number);
        }
        Any::Buffer(_) | Any::Array(_) | Any::Map(_) => markup.push_str("[object Object]"),
    }
}
