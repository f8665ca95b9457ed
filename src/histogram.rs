//! How many values fell between which bounds: delays in milliseconds, sizes, counts.

use crate::codec::NUMBER_MAX;

/// The upper bounds of the buckets, included; what is above the last falls into one more.
pub const BOUNDS: [u64; 15] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];
/// How many numbers make a histogram: one for each bucket, and the sum.
pub const NUMBERS: usize = BOUNDS.len() + 2;

/// `a + b`, as far as it can still be encoded. A client may tell any numbers, and what they add up
/// to has to be read again.
pub fn sum(a: u64, b: u64) -> u64 {
    a.saturating_add(b).min(NUMBER_MAX)
}

/// Counts of values by their size.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Histogram {
    /// The counts of the buckets, then the sum of all values.
    numbers: [u64; NUMBERS],
}

impl Histogram {
    /// Count a value.
    pub fn record(&mut self, value: u64) {
        let bucket = BOUNDS.iter().position(|&bound| value <= bound).unwrap_or(BOUNDS.len());
        self.numbers[bucket] += 1;
        let all = &mut self.numbers[NUMBERS - 1];
        *all = sum(*all, value);
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.buckets().iter().sum()
    }

    /// The sum of all values.
    pub fn sum(&self) -> u64 {
        self.numbers[NUMBERS - 1]
    }

    /// How many values each bucket has; the last one is above all [`BOUNDS`].
    pub fn buckets(&self) -> &[u64] {
        &self.numbers[..NUMBERS - 1]
    }

    /// The bound below which a share `q` of all values is; the last one if it is above that.
    /// Nothing if nothing was counted.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let wanted = (q * self.count() as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let bucket = self.buckets().iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        BOUNDS.get(bucket).or(BOUNDS.last()).copied()
    }

    /// How many values are above `bound`, as far as the buckets tell.
    pub fn above(&self, bound: u64) -> u64 {
        let lower = [0].iter().chain(&BOUNDS);
        lower
            .zip(self.buckets())
            .filter(|(lower, _)| **lower >= bound)
            .map(|(_, count)| count)
            .sum()
    }

    /// Take away what was counted before.
    pub fn subtract(&mut self, before: &Self) {
        for (own, before) in self.numbers.iter_mut().zip(before.numbers) {
            *own = own.saturating_sub(before);
        }
    }

    /// Take in what another one counted.
    pub fn extend(&mut self, other: &Self) {
        for (own, other) in self.numbers.iter_mut().zip(other.numbers) {
            *own = sum(*own, other);
        }
    }

    /// All that it is made of, to be kept or sent.
    pub fn numbers(&self) -> &[u64; NUMBERS] {
        &self.numbers
    }

    /// The same, to be changed.
    pub fn numbers_mut(&mut self) -> &mut [u64; NUMBERS] {
        &mut self.numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn quantiles_are_bounds() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        for value in [0, 1, 1, 3, 4, 4, 4, 9, 90, 1 << 40] {
            histogram.record(value);
        }
        assert_eq!((histogram.count(), histogram.buckets()[0]), (10, 3));
        let quantiles = [0.0, 0.3, 0.5, 0.9, 1.0].map(|q| histogram.quantile(q));
        assert_eq!(quantiles, [1, 1, 5, 100, 50_000].map(Some));
        assert_eq!([0, 5, 6, 50_000].map(|bound| histogram.above(bound)), [10, 3, 2, 1]);
    }
}
