//! Steps as bytes.
