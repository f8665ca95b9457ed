//! What a client may not do, and how a room says so (S3, S5).

use core::fmt;

/// Why something was not taken although it is within all limits. Trying again will not help.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Denial {
    /// Its role may not do this.
    Role,
    /// It writes, or is present, under a client id that belongs to somebody else (S5).
    Author,
    /// It breaks the document's rules.
    Rules,
    /// One that a later build knows.
    Other,
}

impl Denial {
    /// All but [`Denial::Other`], in the order of their numbers on the wire.
    pub const ALL: [Self; 3] = [Self::Role, Self::Author, Self::Rules];

    /// Its number on the wire.
    pub fn number(self) -> u64 {
        Self::ALL.iter().position(|&denial| denial == self).map_or(u64::MAX >> 11, |at| at as u64)
    }

    /// The denial of this number.
    pub fn from_number(number: u64) -> Self {
        let at = usize::try_from(number).ok();
        at.and_then(|at| Self::ALL.get(at)).copied().unwrap_or(Self::Other)
    }

    /// Its name in logs and in the client's API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Author => "author",
            Self::Rules => "rules",
            Self::Other => "other",
        }
    }
}

/// As a sentence for people.
impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Role => "your role may not do this",
            Self::Author => "this client id belongs to somebody else",
            Self::Rules => "this breaks the rules of the document",
            Self::Other => "this is not permitted",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn denials_have_numbers() {
        for denial in Denial::ALL.into_iter().chain([Denial::Other]) {
            assert_eq!(Denial::from_number(denial.number()), denial);
        }
        assert_eq!(Denial::from_number(99), Denial::Other);
    }
}
