//! The eight cells around a cell. Longitude wraps around the globe, and so does latitude in Redis' arithmetic.

use super::cell::Cell;

const LONGITUDE_BITS: u64 = 0xaaaa_aaaa_aaaa_aaaa;
const LATITUDE_BITS: u64 = 0x5555_5555_5555_5555;

/// In the order in which searches visit them, after the middle cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    North,
    South,
    East,
    West,
    NorthEast,
    NorthWest,
    SouthEast,
    SouthWest,
}

impl Direction {
    pub(super) const ALL: [Direction; 8] = [
        Direction::North,
        Direction::South,
        Direction::East,
        Direction::West,
        Direction::NorthEast,
        Direction::NorthWest,
        Direction::SouthEast,
        Direction::SouthWest,
    ];

    /// Steps to the east and to the north.
    pub(super) fn offset(self) -> (i8, i8) {
        match self {
            Direction::North => (0, 1),
            Direction::South => (0, -1),
            Direction::East => (1, 0),
            Direction::West => (-1, 0),
            Direction::NorthEast => (1, 1),
            Direction::NorthWest => (-1, 1),
            Direction::SouthEast => (1, -1),
            Direction::SouthWest => (-1, -1),
        }
    }
}

impl Cell {
    pub(super) fn neighbor(self, direction: Direction) -> Cell {
        let (east, north) = direction.offset();
        let longitude = moved(self.bits, LONGITUDE_BITS, LATITUDE_BITS, self.steps, east);
        let latitude = moved(self.bits, LATITUDE_BITS, LONGITUDE_BITS, self.steps, north);
        Cell { bits: longitude | latitude, ..self }
    }
}

/// The bits of `own` counted up or down by one, within the map of `steps` halvings. Filling the gaps between them
/// first lets a carry, or a borrow, run through.
fn moved(bits: u64, own: u64, gaps: u64, steps: u32, by: i8) -> u64 {
    let used = u64::MAX >> (64 - steps * 2);
    let (value, gaps) = (bits & own, gaps & used);
    match by {
        // COMPAT: the cell at the very end of the map lies one past it, and stays there unless it moves.
        0 => value,
        1.. => value.wrapping_add(gaps + 1) & own & used,
        _ => (value | gaps).wrapping_sub(gaps + 1) & own & used,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::Point;
    use super::*;

    #[test]
    fn neighbors_touch() {
        let cell = Cell::at(Point { longitude: 10.0, latitude: 20.0 }, 12);
        let here = cell.bounds();
        for direction in Direction::ALL {
            let there = cell.neighbor(direction).bounds();
            let (east, north) = direction.offset();
            let (width, height) =
                (here.max.longitude - here.min.longitude, here.max.latitude - here.min.latitude);
            assert!((there.min.longitude - here.min.longitude - width * f64::from(east)).abs() < 1e-9);
            assert!((there.min.latitude - here.min.latitude - height * f64::from(north)).abs() < 1e-9);
        }
    }

    #[test]
    fn wraps_around() {
        let first = Cell { bits: 0, steps: 3 };
        let west = first.neighbor(Direction::West);
        assert_eq!(west.bits, 0b101010);
        assert_eq!(west.neighbor(Direction::East), first);
    }
}
