//! Text and number helpers that know no Redis word beyond their formats: globs, numbers, checksums, LZF,
//! quoting.

pub mod float;
pub mod numbers;
pub mod partial_sort;
pub mod quote;
