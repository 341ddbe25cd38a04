//! Random operations against plain oracles, and values recorded from the referee: one module a subject.

mod bits;
mod geo;
mod hash;
mod hll;
mod intset;
mod list;
mod listpack;
mod pubsub;
mod recorded;
mod set;
mod stream_groups;
mod stream_log;
mod table;
mod wheel;
mod zset;
