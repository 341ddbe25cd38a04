//! Cells: the globe halved again and again, alternately by longitude and latitude, the bits interleaved. 26 halvings
//! each way make the 52 bits of a score.

/// Degrees east and west of Greenwich that a position may have.
pub const LONGITUDE_LIMIT: f64 = 180.0;
/// Degrees north and south of the equator: where the web's square map ends.
pub const LATITUDE_LIMIT: f64 = 85.051_128_78;
/// Halvings each way in a score.
pub(super) const STEPS: u32 = 26;

const BASE32: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// A position in degrees.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Point {
    pub longitude: f64,
    pub latitude: f64,
}

impl Point {
    /// Whether the position can be encoded; false for NaN too.
    pub fn is_valid(self) -> bool {
        self.longitude.abs() <= LONGITUDE_LIMIT && self.latitude.abs() <= LATITUDE_LIMIT
    }
}

/// A cell of `steps` halvings each way. Longitude has the odd bits, latitude the even ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    pub bits: u64,
    pub steps: u32,
}

/// A rectangle in degrees.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Bounds {
    pub min: Point,
    pub max: Point,
}

impl Cell {
    /// The cell of `steps` halvings that `point` lies in.
    pub(super) fn at(point: Point, steps: u32) -> Cell {
        Cell::within(point, LATITUDE_LIMIT, steps)
    }

    /// As `at`, on a map that ends at `latitude_limit`.
    fn within(point: Point, latitude_limit: f64, steps: u32) -> Cell {
        let slot = |degrees: f64, limit: f64| {
            let offset = (degrees - -limit) / (limit - -limit);
            (offset * (1u64 << steps) as f64) as u32
        };
        let (x, y) = (slot(point.longitude, LONGITUDE_LIMIT), slot(point.latitude, latitude_limit));
        Cell { bits: spread(y) | spread(x) << 1, steps }
    }

    /// The rectangle it covers.
    pub(super) fn bounds(self) -> Bounds {
        let edge = |slot: u32, limit: f64| {
            let part = f64::from(slot) * 1.0 / (1u64 << self.steps) as f64;
            -limit + part * (limit - -limit)
        };
        let (x, y) = (gather(self.bits >> 1), gather(self.bits));
        // COMPAT: a score beyond 52 bits, put there by ZADD, may name the last slot of 32 bits, whose far edge wraps.
        let (next_x, next_y) = (x.wrapping_add(1), y.wrapping_add(1));
        let corner = |x, y| Point { longitude: edge(x, LONGITUDE_LIMIT), latitude: edge(y, LATITUDE_LIMIT) };
        Bounds { min: corner(x, y), max: corner(next_x, next_y) }
    }
}

/// The score of a valid position.
pub fn encode_score(point: Point) -> f64 {
    Cell::at(point, STEPS).bits as f64
}

/// The middle of the cell that `score` names. Any score names one: those that are no cell's, as ZADD may leave them,
/// come out at the map's edge, as in Redis.
pub fn decode_score(score: f64) -> Point {
    let Bounds { min, max } = Cell { bits: score_bits(score), steps: STEPS }.bounds();
    Point {
        longitude: ((min.longitude + max.longitude) / 2.0).clamp(-LONGITUDE_LIMIT, LONGITUDE_LIMIT),
        latitude: ((min.latitude + max.latitude) / 2.0).clamp(-LATITUDE_LIMIT, LATITUDE_LIMIT),
    }
}

/// `score` as an unsigned integer, out of its range as x86-64 converts: through the signed one below 2^63, else
/// through what is left above it.
pub(super) fn score_bits(score: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    let signed = |value: f64| if (-HALF..HALF).contains(&value) { value as i64 } else { i64::MIN };
    if score < HALF { signed(score) as u64 } else { signed(score - HALF) as u64 ^ 1 << 63 }
}

/// The 11-character geohash of the cell that `score` names, on the usual map from pole to pole. Its last character
/// is always `0`: 52 bits fill ten.
pub fn geohash(score: f64) -> [u8; 11] {
    let bits = Cell::within(decode_score(score), 90.0, STEPS).bits;
    let mut text = [b'0'; 11];
    for (i, letter) in text.iter_mut().take(10).enumerate() {
        *letter = BASE32[(bits >> (52 - 5 * (i + 1)) & 31) as usize];
    }
    text
}

/// Bit i to bit 2i.
fn spread(value: u32) -> u64 {
    let mut x = u64::from(value);
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}

/// Bit 2i to bit i, the odd ones dropped.
fn gather(value: u64) -> u32 {
    let mut x = value & 0x5555_5555_5555_5555;
    x = (x | x >> 1) & 0x3333_3333_3333_3333;
    x = (x | x >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x >> 4) & 0x00ff_00ff_00ff_00ff;
    x = (x | x >> 8) & 0x0000_ffff_0000_ffff;
    (x | x >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_interleave() {
        for value in [0, 1, 2, 3, 0x8000_0001, u32::MAX] {
            assert_eq!(gather(spread(value)), value);
        }
        assert_eq!(spread(0b1011), 0b0100_0101);
    }

    #[test]
    fn palermo() {
        let palermo = Point { longitude: 13.361389, latitude: 38.115556 };
        let score = encode_score(palermo);
        assert_eq!(score, 3479099956230698.0);
        assert_eq!(&geohash(score), b"sqc8b49rny0");
        let back = decode_score(score);
        assert_eq!((back.longitude, back.latitude), (13.361389338970184, 38.1155563954963));
    }

    #[test]
    fn validity() {
        assert!(Point { longitude: -180.0, latitude: 85.05112878 }.is_valid());
        assert!(!Point { longitude: 0.0, latitude: 85.06 }.is_valid());
        assert!(!Point { longitude: f64::NAN, latitude: 0.0 }.is_valid());
    }

    #[test]
    fn scores_of_no_cell() {
        assert_eq!(
            [-1.0, f64::INFINITY, f64::NEG_INFINITY, 1e19].map(score_bits),
            [u64::MAX, 0, 1 << 63, 10u64.pow(19)]
        );
        for score in [-1.0, -1e300, f64::INFINITY, f64::NEG_INFINITY, 1e300, 9.5e18] {
            assert!(decode_score(score).is_valid());
        }
    }
}
