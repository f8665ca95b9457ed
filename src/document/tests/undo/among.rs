//! Among others.

use super::alone::change;
use super::*;
use crate::document::tests::authors::Dice;
