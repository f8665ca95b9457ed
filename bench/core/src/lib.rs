//! What is measured of Selvedge's core, and what it is given to do.
//!
//! | module | what it is for |
//! |---|---|
//! | `typing` | keystrokes of a seeded hand, each an encoded update |
//! | `log` | a room's log in memory |
//! | `parties` | a room with its sessions, and a replica that is online |
//! | `cases` | the pieces of work whose instructions are counted |

pub mod cases;
pub mod log;
pub mod parties;
pub mod typing;
