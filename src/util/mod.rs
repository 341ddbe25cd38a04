//! Text and number helpers that know no Redis word beyond their formats: globs, numbers, checksums, LZF,
//! quoting.

mod big_uint;
mod binary_float;
pub mod crc16;
pub mod crc64;
pub mod float;
pub mod glob;
mod grisu;
pub mod long_double;
pub mod lzf;
pub mod numbers;
pub mod partial_sort;
pub mod quote;
pub mod sha1;
