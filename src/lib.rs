//! Selvedge: real-time sync at the network's edge, one room for each document.
//!
//! One crate, built twice. With the feature `worker` it is a Cloudflare Worker in which every
//! document is a Durable Object (a *room*); with the feature `client` it is the Wasm client that
//! web apps embed. Both are thin shells around state machines that never touch a clock, a socket or
//! a disk, so that one native test can run a whole system of them on one seed.
//!
//! | module | what it is for | what it never does |
//! |---|---|---|
//! | [`time`] | time as a number | read a clock |
//! | [`histogram`] | counts of values by their size | know what they are |
//! | [`codec`] | lib0's encoding, read within bounds | trust a length or a count |
//! | [`access`] | who may do what | read a clock |
//! | [`protocol`] | messages of the wire | look inside an update |
//! | [`update`] | encoded Yjs updates as values: walk, merge, diff, compact | build a CRDT |
//! | [`awareness`] | who is here, owned by its session | read a clock |
//! | [`document`] | the CRDT; the only module that names yrs | know of a network |
//! | [`policy`] | what a schema says: who may change what, and what it may hold | see a document |
//! | [`guard`] | holds a document to its schema: undoes what is forbidden | let anybody see it |
//! | [`room`] | the server's state machine of one document | load the document |
//! | [`replica`] | the client's state machine of one document | lose a local edit |
//! | `worker` | runs a room in a Durable Object | decide |
//! | `client` | runs a replica in a browser | decide |

pub mod access;
pub mod awareness;
pub mod codec;
pub mod document;
pub mod few;
pub mod guard;
pub mod histogram;
pub mod policy;
pub mod protocol;
pub mod replica;
pub mod room;
pub mod time;
pub mod update;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "worker")]
pub mod worker;
