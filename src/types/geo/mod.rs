//! Positions on the Earth as 52-bit cells, which sorted sets keep as scores: encoding, distances, and the score ranges
//! that cover an area, all in the order and to the digit of Redis. Knows no sorted set and no reply.

mod cell;
mod distance;
mod neighbors;
mod search;

pub use cell::{LATITUDE_LIMIT, LONGITUDE_LIMIT, Point, decode_score, encode_score, geohash};
pub use distance::{Length, distance, write_distance};
pub use search::{Hit, Search, Shape};
