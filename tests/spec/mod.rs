//! Requests and the replies a Redis-compatible server was recorded to give, replayed in process: see record.py for the
//! format and for how the files beside this one come about.

mod cases;
mod contents;
mod file;
mod render;
mod replay;
