//! Text and number helpers that know no Redis word beyond their formats: globs, numbers, checksums, LZF, quoting.
