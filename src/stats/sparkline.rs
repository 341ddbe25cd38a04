//! Graphs of text: a row of samples as columns of characters, with each sample's label below it from top to bottom.
//! Does not know what the samples mean.

/// One column.
#[derive(Debug, Clone)]
pub struct Point {
    pub value: f64,
    pub label: String,
}

/// What a column shows in its topmost row, by thirds of that row.
const STEPS: [u8; 3] = *b"_o#";
const BODY: u8 = b'|';

/// Draws the points in lines of up to `columns`, each `rows` high. Every line is drawn to the same scale.
pub fn render(out: &mut String, points: &[Point], columns: usize, rows: usize) {
    let low = points.iter().map(|p| p.value).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|p| p.value).fold(f64::NEG_INFINITY, f64::max);
    let range = if high > low { high - low } else { 1.0 };
    for (i, line) in points.chunks(columns.max(1)).enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let steps = rows * STEPS.len();
        let heights: Vec<usize> = line
            .iter()
            .map(|p| (((p.value - low) * steps as f64).trunc() / range) as usize)
            .map(|step| step.min(steps.saturating_sub(1)))
            .collect();
        for row in (0..rows).rev() {
            out.extend(heights.iter().map(|height| column_char(*height, row)));
            out.push('\n');
        }
        labels(out, line);
    }
}

fn column_char(height: usize, row: usize) -> char {
    let below = row * STEPS.len();
    match height.checked_sub(below) {
        None => ' ',
        Some(step) => char::from(*STEPS.get(step).unwrap_or(&BODY)),
    }
}

/// An empty row, then the labels, one character a row.
fn labels(out: &mut String, line: &[Point]) {
    let longest = line.iter().map(|p| p.label.len()).max().unwrap_or(0);
    if longest == 0 {
        return;
    }
    out.extend(line.iter().map(|_| ' '));
    out.push('\n');
    for at in 0..longest {
        out.extend(line.iter().map(|p| char::from(*p.label.as_bytes().get(at).unwrap_or(&b' '))));
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(points: &[(f64, &str)], columns: usize) -> Vec<String> {
        let points: Vec<Point> =
            points.iter().map(|(value, label)| Point { value: *value, label: label.to_string() }).collect();
        let mut out = String::new();
        render(&mut out, &points, columns, 4);
        out.lines().map(str::to_string).collect()
    }

    #[test]
    fn heights_and_labels() {
        let drawn = draw(&[(0.0, "10s"), (50.0, "5s"), (100.0, "1m")], 80);
        assert_eq!(drawn, ["  #", " _|", " ||", "_||", "   ", "151", "0sm", "s  "].map(String::from));
    }

    #[test]
    fn equal_samples_lie_flat() {
        assert_eq!(draw(&[(7.0, "1s"), (7.0, "1s")], 80)[3], "__");
    }

    #[test]
    fn long_sequences_are_drawn_in_lines() {
        let drawn = draw(&[(1.0, "a"), (2.0, "b"), (3.0, "c")], 2);
        assert_eq!(drawn.len(), 4 + 2 + 1 + 4 + 2);
        assert_eq!((drawn[5].as_str(), drawn[6].as_str(), drawn[12].as_str()), ("ab", "", "c"));
    }
}
