//! Searching an area: which ranges of scores may hold its members, and which of those lie in it. The ranges come in
//! the order in which Redis visits them, so that unsorted results agree.

use super::cell::{Bounds, Cell, Point, STEPS, decode_score};
use super::distance::{EARTH_RADIUS_M, degrees, distance, latitude_distance, radians};
use super::neighbors::Direction;

/// Half the circumference on the square map, in metres: what one halving of longitude spans.
const MERCATOR_MAX_M: f64 = 20_037_726.37;

/// The area around a centre, its measures in metres times `Search::unit`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Shape {
    Circle { radius: f64 },
    Rectangle { width: f64, height: f64 },
}

/// An area to search.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Search {
    pub center: Point,
    pub shape: Shape,
    /// Metres in the unit of the shape's measures.
    pub unit: f64,
}

/// A member inside the area.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Hit {
    pub point: Point,
    /// Metres from the centre.
    pub distance: f64,
}

impl Search {
    /// Up to nine ranges of scores, each from its first up to but without its second, to be visited in order.
    pub fn ranges(&self) -> impl Iterator<Item = (f64, f64)> + use<> {
        let cells = self.cells();
        // COMPAT: a range equal to the one visited before is skipped, as huge areas make neighbours coincide; but the
        // middle cell is not compared with, and may be visited twice.
        let mut last: Option<Cell> = None;
        cells.into_iter().enumerate().filter_map(move |(i, cell)| {
            let cell = cell?;
            if last == Some(cell) {
                return None;
            }
            if i > 0 {
                last = Some(cell);
            }
            let shift = 2 * (STEPS - cell.steps);
            Some(((cell.bits << shift) as f64, ((cell.bits + 1) << shift) as f64))
        })
    }

    /// Whether the cell that `score` names lies in the area, and how far from its centre.
    pub fn hit(&self, score: f64) -> Option<Hit> {
        let point = decode_score(score);
        let away = match self.shape {
            Shape::Circle { radius } => {
                let away = distance(self.center, point);
                (away <= radius * self.unit).then_some(away)?
            }
            Shape::Rectangle { width, height } => {
                // The latitude costs least to compare.
                if latitude_distance(point.latitude, self.center.latitude) > height * self.unit / 2.0 {
                    return None;
                }
                let abreast = Point { latitude: point.latitude, ..self.center };
                if distance(point, abreast) > width * self.unit / 2.0 {
                    return None;
                }
                distance(self.center, point)
            }
        };
        Some(Hit { point, distance: away })
    }

    /// The middle cell and those around it that the area may reach, in the order of visiting.
    fn cells(&self) -> [Option<Cell>; 9] {
        let box_ = self.bounding_box();
        let mut steps = steps_for(self.radius_m(), self.center.latitude);
        if steps > 1 && !covers(Cell::at(self.center, steps), &box_) {
            steps -= 1;
        }
        let middle = Cell::at(self.center, steps);
        let area = middle.bounds();
        let mut cells = [Some(middle); 9];
        for (cell, direction) in cells[1..].iter_mut().zip(Direction::ALL) {
            let (east, north) = direction.offset();
            let needless = steps >= 2
                && (north < 0 && area.min.latitude < box_.min.latitude
                    || north > 0 && area.max.latitude > box_.max.latitude
                    || east < 0 && area.min.longitude < box_.min.longitude
                    || east > 0 && area.max.longitude > box_.max.longitude);
            *cell = (!needless).then(|| middle.neighbor(direction));
        }
        cells
    }

    /// Metres from the centre to the farthest point of the area.
    fn radius_m(&self) -> f64 {
        let radius = match self.shape {
            Shape::Circle { radius } => radius,
            Shape::Rectangle { width, height } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt()
            }
        };
        radius * self.unit
    }

    /// The rectangle around the area, in degrees, not wrapped at the map's edge.
    fn bounding_box(&self) -> Bounds {
        let (width, height) = match self.shape {
            Shape::Circle { radius } => (self.unit * radius, self.unit * radius),
            Shape::Rectangle { width, height } => (self.unit * (width / 2.0), self.unit * (height / 2.0)),
        };
        let Point { longitude, latitude } = self.center;
        let north = degrees(height / EARTH_RADIUS_M);
        // Meridians draw together away from the equator, so the edge on that side is the wider in degrees.
        let outer = if latitude < 0.0 { latitude - north } else { latitude + north };
        let east = degrees(width / EARTH_RADIUS_M / radians(outer).cos());
        Bounds {
            min: Point { longitude: longitude - east, latitude: latitude - north },
            max: Point { longitude: longitude + east, latitude: latitude + north },
        }
    }
}

/// How many halvings leave cells of about the radius, fewer towards the poles, where cells are narrower.
fn steps_for(radius_m: f64, latitude: f64) -> u32 {
    if radius_m == 0.0 {
        return STEPS;
    }
    let mut steps = -1i32;
    let mut reach = radius_m;
    while reach < MERCATOR_MAX_M {
        reach *= 2.0;
        steps += 1;
    }
    if latitude.abs() > 66.0 {
        steps -= 1;
        if latitude.abs() > 80.0 {
            steps -= 1;
        }
    }
    steps.clamp(1, STEPS as i32) as u32
}

/// Whether the cells straight around `middle` reach the box's edges.
fn covers(middle: Cell, box_: &Bounds) -> bool {
    let around = |direction| middle.neighbor(direction).bounds();
    around(Direction::North).max.latitude >= box_.max.latitude
        && around(Direction::South).min.latitude <= box_.min.latitude
        && around(Direction::East).max.longitude >= box_.max.longitude
        && around(Direction::West).min.longitude <= box_.min.longitude
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(longitude: f64, latitude: f64, radius: f64) -> Search {
        Search { center: Point { longitude, latitude }, shape: Shape::Circle { radius }, unit: 1.0 }
    }

    #[test]
    fn huge_and_tiny_areas_end() {
        for radius in [0.0, 1e-300, 1.0, 1e7, 1e300, f64::INFINITY] {
            let ranges: Vec<_> = circle(15.0, 37.0, radius).ranges().collect();
            assert!(!ranges.is_empty() && ranges.len() <= 9);
            assert!(ranges.iter().all(|(min, max)| min < max));
        }
    }

    #[test]
    fn the_center_is_inside() {
        let search = circle(15.0, 37.0, 200_000.0);
        let score = super::super::cell::encode_score(search.center);
        assert!(search.hit(score).is_some_and(|hit| hit.distance < 1.0));
        assert!(search.ranges().any(|(min, max)| (min..max).contains(&score)));
    }
}
