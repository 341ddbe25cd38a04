//! Who listens to which channel and pattern.
