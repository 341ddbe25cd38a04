//! Bytes to arguments and replies to bytes. No IO.
