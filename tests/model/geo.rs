//! Positions against digests recorded from the referee: scores, geohashes, distances, and searches with their results
//! in the referee's order. The sorted set is played by a sorted vector.

use super::recorded::{Dice, Digest};
use proptest::prelude::*;
use spinel::types::geo::{self, Length, Point, Search, Shape};
use spinel::util::partial_sort::partial_sort;

const MICRO: f64 = 1_000_000.0;

fn degrees(dice: &mut Dice, limit: i64) -> f64 {
    let micro = match dice.roll(8) {
        0 if dice.coin() => limit,
        0 => -limit,
        1 => dice.roll(2000) as i64 - 1000,
        _ => dice.roll(2 * limit as u64 + 1) as i64 - limit,
    };
    micro as f64 / MICRO
}

fn point(dice: &mut Dice, clustered: bool) -> Point {
    let mut near = |center: i64| (center + dice.roll(2_000_000) as i64 - 1_000_000) as f64 / MICRO;
    if clustered {
        return Point { longitude: near(13_361_389), latitude: near(38_115_556) };
    }
    Point { longitude: degrees(dice, 180_000_000), latitude: degrees(dice, 85_051_128) }
}

fn members(dice: &mut Dice) -> Vec<f64> {
    (0..2000).map(|i| geo::encode_score(point(dice, i % 2 == 1))).collect()
}

/// The replies of GEOHASH and GEOPOS; small coordinates lose digits in text and are left out.
fn record_position(digest: &mut Digest, score: f64) {
    digest.bytes(&geo::geohash(score));
    let point = geo::decode_score(score);
    for degrees in [point.longitude, point.latitude].into_iter().filter(|d| d.abs() > 1.0) {
        digest.word(degrees.to_bits() as i64);
    }
}

fn unit(dice: &mut Dice) -> Length {
    [Length::Meters, Length::Kilometers, Length::Feet, Length::Miles][dice.roll(4) as usize]
}

fn record_distance(digest: &mut Digest, meters: f64, unit: Length) {
    let mut text = Vec::new();
    geo::write_distance(&mut text, meters / unit.in_meters());
    digest.bytes(&text);
}

#[test]
fn positions_distances_and_searches_as_recorded() {
    let mut dice = Dice::new(4);
    let scores = members(&mut dice);
    let mut digest = Digest::default();
    for score in &scores {
        digest.word(*score as i64);
        record_position(&mut digest, *score);
    }
    assert_eq!(digest, Digest(0xfdf0959453253410), "positions");

    let mut digest = Digest::default();
    for _ in 0..3000 {
        let [from, to] = [0; 2].map(|_| geo::decode_score(scores[dice.roll(2000) as usize]));
        record_distance(&mut digest, geo::distance(from, to), unit(&mut dice));
    }
    assert_eq!(digest, Digest(0xab62e766a867527c), "distances");

    let mut sorted: Vec<(f64, String, usize)> =
        scores.iter().enumerate().map(|(i, score)| (*score, format!("m{i}"), i)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    let mut digest = Digest::default();
    for _ in 0..1500 {
        let clustered = dice.coin();
        let center = point(&mut dice, clustered);
        let unit = unit(&mut dice);
        let rectangle = dice.coin();
        let [width, height] = [0; 2].map(|_| {
            let magnitude = dice.roll(22);
            dice.roll(1 << magnitude) as f64
        });
        let shape =
            if rectangle { Shape::Rectangle { width, height } } else { Shape::Circle { radius: width } };
        let search = Search { center, shape, unit: unit.in_meters() };
        let mut found = Vec::new();
        for (min, max) in search.ranges() {
            let range = sorted.partition_point(|m| m.0 < min)..sorted.partition_point(|m| m.0 < max);
            found.extend(sorted[range].iter().filter_map(|m| Some((m.2, search.hit(m.0)?.distance))));
        }
        digest.word(found.len() as i64);
        for (member, meters) in found {
            digest.word(member as i64);
            record_distance(&mut digest, meters, unit);
        }
    }
    assert_eq!(digest, Digest(0x43f6f22ede03583a), "searches");
}

#[test]
fn scores_of_no_cell_as_recorded() {
    let scores = "-1 -5 1e17 9007199254740993 4503599627370495 4503599627370496 1e19 1e20 -1e19 inf -inf \
                  18446744073709549568 9223372036854775808 123.75";
    let mut digest = Digest::default();
    for score in scores.split(' ') {
        record_position(&mut digest, score.parse().unwrap());
    }
    assert_eq!(digest, Digest(0x62599c8d6902c532));
}

/// Members at the same place keep the order in which the referee's sorts leave them: a stable one for whole results, a
/// partial quicksort for the nearest or farthest few.
#[test]
fn equal_distances_as_recorded() {
    let (mut dice, mut digest) = (Dice::new(5), Digest::default());
    let mut members: Vec<(f64, String, usize)> = (0..400)
        .map(|i| {
            let longitude = ((15_000_000 + dice.roll(25) * 10_000) as f64) / MICRO;
            (geo::encode_score(Point { longitude, latitude: 37.0 }), format!("m{i}"), i)
        })
        .collect();
    members.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    for _ in 0..300 {
        let count = 1 + dice.roll(400) as usize;
        let descending = dice.coin();
        let shape = Shape::Circle { radius: dice.roll(120) as f64 };
        let search = Search { center: Point { longitude: 15.1, latitude: 37.0 }, shape, unit: 1000.0 };
        let mut found = Vec::new();
        for (min, max) in search.ranges() {
            let range = members.partition_point(|m| m.0 < min)..members.partition_point(|m| m.0 < max);
            found.extend(members[range].iter().filter_map(|m| Some((search.hit(m.0)?.distance, m.2))));
        }
        let order = |a: &(f64, usize), b: &(f64, usize)| {
            let order = a.0.total_cmp(&b.0);
            if descending { order.reverse() } else { order }
        };
        if count < found.len() {
            partial_sort(&mut found, 0, count - 1, order);
        } else {
            found.sort_by(order);
        }
        found.iter().take(count).for_each(|(_, member)| digest.word(*member as i64));
    }
    assert_eq!(digest, Digest(0xe80814c2908bde8f));
}

proptest! {
    /// Away from the edges, where Redis misses members beyond the map's seam too, a search finds what a walk over all
    /// members finds.
    #[test]
    fn ranges_miss_nothing(
        longitude in -120.0..120.0f64,
        latitude in -50.0..50.0f64,
        radius in 0.0..2_000_000.0f64,
        away in proptest::collection::vec((-30.0..30.0f64, -30.0..30.0f64), 1..40),
    ) {
        let center = Point { longitude, latitude };
        let search = Search { center, shape: Shape::Circle { radius }, unit: 1.0 };
        for (east, north) in away {
            let score = geo::encode_score(Point { longitude: longitude + east, latitude: latitude + north });
            let reached = search.ranges().any(|(min, max)| (min..max).contains(&score));
            prop_assert!(reached || search.hit(score).is_none());
        }
    }
}
