//! Parts of URLs, and names of documents in them.

use core::fmt::Write;

/// The longest document name, in bytes of UTF-8.
pub const DOCUMENT_NAME_BYTES_MAX: usize = 512;

/// The host of an absolute URL, with its port.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The query of a URL, if it has one.
pub fn query_of(url: &str) -> Option<&str> {
    let (_, query) = url.split('#').next()?.split_once('?')?;
    Some(query)
}

/// The path of an absolute URL, percent-encoded, without the query.
pub fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    path.split(['?', '#']).next().unwrap_or("/")
}

/// `name` as it stands in a path.
pub fn encode_document_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The name that stands in a path as `encoded`; nothing if it breaks the rule.
pub fn decode_document_name(encoded: &str) -> Option<String> {
    let name = percent_decode(encoded)?;
    let fits = (1..=DOCUMENT_NAME_BYTES_MAX).contains(&name.len());
    (fits && !name.chars().any(char::is_control)).then_some(name)
}

/// What percent-encoding stands for; nothing if that is no UTF-8.
pub(in crate::protocol) fn percent_decode(encoded: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                u8::try_from(high << 4 | low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}
