//! Distances over the globe, taken as a sphere, and their units.

use super::cell::Point;
use std::f64::consts::PI;

/// The sphere that Redis measures on, in metres.
pub(super) const EARTH_RADIUS_M: f64 = 6_372_797.560_856;
const DEGREE: f64 = PI / 180.0;

/// A unit of length a client may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Length {
    #[default]
    Meters,
    Kilometers,
    Feet,
    Miles,
}

impl Length {
    /// Reads `m`, `km`, `ft` or `mi` in any case.
    pub fn parse(text: &[u8]) -> Option<Length> {
        [
            (&b"m"[..], Length::Meters),
            (b"km", Length::Kilometers),
            (b"ft", Length::Feet),
            (b"mi", Length::Miles),
        ]
        .into_iter()
        .find_map(|(name, unit)| name.eq_ignore_ascii_case(text).then_some(unit))
    }

    /// Metres in one of it.
    pub fn in_meters(self) -> f64 {
        match self {
            Length::Meters => 1.0,
            Length::Kilometers => 1000.0,
            Length::Feet => 0.3048,
            Length::Miles => 1609.34,
        }
    }
}

pub(super) fn radians(degrees: f64) -> f64 {
    degrees * DEGREE
}

pub(super) fn degrees(radians: f64) -> f64 {
    radians / DEGREE
}

/// Metres along the meridian between two latitudes.
pub(super) fn latitude_distance(a: f64, b: f64) -> f64 {
    EARTH_RADIUS_M * (radians(b) - radians(a)).abs()
}

/// Metres between two positions along the great circle, by the haversine formula in Redis' order of operations.
pub fn distance(from: Point, to: Point) -> f64 {
    let v = ((radians(to.longitude) - radians(from.longitude)) / 2.0).sin();
    if v == 0.0 {
        return latitude_distance(from.latitude, to.latitude);
    }
    let (from_latitude, to_latitude) = (radians(from.latitude), radians(to.latitude));
    let u = ((to_latitude - from_latitude) / 2.0).sin();
    let a = u * u + from_latitude.cos() * to_latitude.cos() * v * v;
    2.0 * EARTH_RADIUS_M * a.sqrt().asin()
}

/// Appends a distance with four digits after the point, as replies carry it.
pub fn write_distance(out: &mut Vec<u8>, value: f64) {
    let ten_thousandths = (value * 10_000.0).round_ties_even() as i64;
    let magnitude = ten_thousandths.unsigned_abs();
    if ten_thousandths < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(magnitude / 10_000).as_bytes());
    out.push(b'.');
    let fraction = magnitude % 10_000;
    out.extend([1000, 100, 10, 1].map(|place| b'0' + (fraction / place % 10) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        write_distance(&mut out, value);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn four_digits() {
        assert_eq!(
            [0.0, 0.00005, 0.00015, 1.5, 166274.15156960033].map(text),
            ["0.0000", "0.0000", "0.0001", "1.5000", "166274.1516"]
        );
    }

    #[test]
    fn units() {
        assert_eq!(Length::parse(b"KM").map(Length::in_meters), Some(1000.0));
        assert_eq!(Length::parse(b"parsec"), None);
    }

    #[test]
    fn along_a_meridian() {
        let point = |latitude| Point { longitude: 13.0, latitude };
        assert_eq!(distance(point(1.0), point(2.0)), latitude_distance(1.0, 2.0));
    }
}
