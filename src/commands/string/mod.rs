//! Commands on strings.

pub mod get_set;
