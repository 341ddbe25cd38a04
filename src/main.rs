//! The `spinel` binary.

fn main() {}
