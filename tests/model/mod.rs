//! Random operations on a structure beside a plain std oracle, with shrinking.

mod intset;
mod listpack;
