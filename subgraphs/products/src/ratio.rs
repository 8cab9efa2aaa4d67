//! Fractions of whole numbers: quantities as they go from unit to unit, without a digit lost.

use rust_decimal::Decimal;

/// A fraction in its lowest terms, its denominator above zero.
///
/// What is taken here has 24 digits at most above the line and 18 below, and is multiplied by two factors of a billion
/// each: 128 bits hold that, and where they would not, the answer is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    /// A fraction; `None` for one by zero.
    pub(crate) fn try_new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let common = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let common = i128::try_from(common).ok()?.max(1);
        let sign = denominator.signum();
        Some(Self { numerator: numerator / common * sign, denominator: denominator / common * sign })
    }

    /// A decimal number, exactly.
    pub(crate) fn of(number: Decimal) -> Option<Self> {
        let number = number.normalize();
        Self::try_new(number.mantissa(), 10_i128.checked_pow(number.scale())?)
    }

    /// The product; `None` when it has more digits than fit.
    pub(crate) fn times(self, other: Self) -> Option<Self> {
        // Across first, so that numbers stay small.
        let one = Self::try_new(self.numerator, other.denominator)?;
        let two = Self::try_new(other.numerator, self.denominator)?;
        Self::try_new(
            one.numerator.checked_mul(two.numerator)?,
            one.denominator.checked_mul(two.denominator)?,
        )
    }

    /// One divided by it; `None` for zero.
    pub(crate) fn inverse(self) -> Option<Self> {
        Self::try_new(self.denominator, self.numerator)
    }

    /// The same as a decimal number of so many decimals at most; `None` when it is none.
    pub(crate) fn exactly(self, decimals_max: u32) -> Option<Decimal> {
        let scale = 10_i128.checked_pow(decimals_max)?;
        let scaled = self.numerator.checked_mul(scale)?;
        if scaled % self.denominator != 0 {
            return None;
        }
        Decimal::try_from_i128_with_scale(scaled / self.denominator, decimals_max)
            .ok()
            .map(|exact| exact.normalize())
    }

    /// The nearest decimal number of so many decimals, a half away from zero; `None` when it has more digits than fit.
    pub(crate) fn rounded(self, decimals: u32) -> Option<Decimal> {
        let scaled = self.numerator.checked_mul(10_i128.checked_pow(decimals)?)?;
        let (whole, rest) = (scaled / self.denominator, scaled % self.denominator);
        let is_up = rest.unsigned_abs().checked_mul(2)? >= self.denominator.unsigned_abs();
        let nearest = if is_up { whole + scaled.signum() } else { whole };
        Decimal::try_from_i128_with_scale(nearest, decimals).ok().map(|nearest| nearest.normalize())
    }

    /// What stands above the line.
    pub(crate) fn numerator(self) -> i128 {
        self.numerator
    }

    /// What stands below it.
    pub(crate) fn denominator(self) -> i128 {
        self.denominator
    }
}

fn gcd(one: u128, other: u128) -> u128 {
    if other == 0 { one } else { gcd(other, one % other) }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};

    use super::*;

    fn ratio(numerator: i128, denominator: i128) -> Ratio {
        Ratio::try_new(numerator, denominator).unwrap()
    }

    #[test]
    fn a_fraction_has_one_form() {
        assert_eq!(ratio(2, 4), ratio(1, 2));
        assert_eq!(ratio(1, -2), ratio(-1, 2));
        assert_eq!((ratio(0, 7).numerator(), ratio(0, 7).denominator()), (0, 1));
        assert_eq!(Ratio::try_new(1, 0), None);
    }

    #[test]
    fn what_has_no_end_is_rounded_and_not_taken_for_exact() {
        assert_eq!(ratio(1, 3).exactly(6), None);
        assert_eq!(ratio(1, 3).rounded(2), Some("0.33".parse().unwrap()));
        assert_eq!(ratio(1, 8).rounded(2), Some("0.13".parse().unwrap()));
        assert_eq!(ratio(-1, 8).rounded(2), Some("-0.13".parse().unwrap()));
        assert_eq!(ratio(1, 8).exactly(3), Some("0.125".parse().unwrap()));
    }

    /// PRD-7. `PRODUCTS_SEED` says what they follow from; without it they are others each time.
    #[test]
    fn a_quantity_that_goes_to_another_unit_and_back_is_what_it_was_to_the_last_digit() {
        let seed = testing::seed("PRODUCTS_SEED");
        let mut random = StdRng::seed_from_u64(seed);
        for round in 0..10_000 {
            let quantity = Decimal::new(random.random_range(-999_999_999_999_999..=999_999_999_999_999), 6);
            let mut factor =
                || ratio(random.random_range(1..=1_000_000_000), random.random_range(1..=1_000_000_000));
            let (one, other) = (factor(), factor());
            let there =
                |from: Ratio, to: Ratio, of: Ratio| of.times(from).and_then(|of| of.times(to.inverse()?));
            let start = Ratio::of(quantity).unwrap();
            // What would not fit is refused, and never wrong.
            let Some(gone) = there(one, other, start) else { continue };
            let back = there(other, one, gone);
            let what = format!("seed {seed}, round {round}: {quantity} by {one:?} and {other:?}");
            assert_eq!(back, Some(start), "{what}");
            assert_eq!(back.and_then(|back| back.exactly(6)), Some(quantity.normalize()), "{what}");
        }
    }
}
