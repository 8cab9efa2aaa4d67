//! Which of many prices and discounts counts, and why. It looks at what they say, and never at when they were entered: the
//! same rules in another order come to the same.

use std::cmp::Reverse;

use chrono::NaiveDate;
use graphql::choices;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::discount::DiscountRule;
use crate::ids::{CategoryId, PriceListId, VariantId};
use crate::price::Price;
use crate::price_list::PriceList;
use crate::validity::holds;

choices! {
    /// What became of a price, a discount or a service rate that was looked at.
    PriceStepOutcome {
        /// It counts.
        Chosen,
        /// It would count, were there not another one before it.
        Outranked,
        /// It, or its list, is in another currency.
        OtherCurrency,
        /// Its list, or it itself, does not hold on that day.
        NotValid,
        /// It holds from a larger quantity on.
        QuantityTooSmall,
        /// It is another variant's.
        OtherVariant,
        /// It is for another price list than the one that the price is from.
        OtherList,
    }
}

/// What a price is wanted for.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub variant_id: Option<VariantId>,
    /// In the product's unit.
    pub quantity: Decimal,
    pub currency: String,
    pub on: NaiveDate,
}

/// A price, with the list that it stands in.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub list: PriceList,
    pub price: Price,
}

/// What was looked at, in the order of its rank, and what became of it.
pub(crate) type Looked<T> = Vec<(T, PriceStepOutcome)>;

impl Question {
    /// Ranks the prices: those for the customer before those for a segment before those for everybody; the list of the highest
    /// priority; a price of the variant before one of the product; the one for the largest quantity; the list, and then the
    /// price, that holds since the latest day. What is left equal is told apart by what it says: the lower amount, the code.
    pub(crate) fn judge_prices(&self, mut candidates: Vec<Candidate>) -> Looked<Candidate> {
        candidates.sort_by_key(price_rank);
        first_of(candidates, |candidate| self.judge_price(candidate))
    }

    fn judge_price(&self, Candidate { list, price }: &Candidate) -> PriceStepOutcome {
        if list.currency != self.currency {
            PriceStepOutcome::OtherCurrency
        } else if !holds(list.first_day, list.last_day, self.on)
            || !holds(price.first_day, price.last_day, self.on)
        {
            PriceStepOutcome::NotValid
        } else if price.variant_id.is_some() && price.variant_id != self.variant_id {
            PriceStepOutcome::OtherVariant
        } else if price.min_quantity > self.quantity {
            PriceStepOutcome::QuantityTooSmall
        } else {
            PriceStepOutcome::Chosen
        }
    }

    /// Ranks the discounts: the highest priority; a rule of the product before one of a category before one of everything, the
    /// nearest category first; the one for the largest quantity; the one that holds since the latest day. What is left equal is
    /// told apart by what it says: the higher per cent, the name.
    pub(crate) fn judge_discounts(
        &self,
        mut rules: Vec<DiscountRule>,
        list: PriceListId,
        categories: &[CategoryId],
    ) -> Looked<DiscountRule> {
        rules.sort_by_key(|rule| discount_rank(rule, categories));
        first_of(rules, |rule| {
            if rule.price_list_id.is_some_and(|its| its != list) {
                PriceStepOutcome::OtherList
            } else if !holds(rule.first_day, rule.last_day, self.on) {
                PriceStepOutcome::NotValid
            } else if rule.min_quantity > self.quantity {
                PriceStepOutcome::QuantityTooSmall
            } else {
                PriceStepOutcome::Chosen
            }
        })
    }
}

/// Of those that would count, the first does.
pub(crate) fn first_of<T>(ranked: Vec<T>, judge: impl Fn(&T) -> PriceStepOutcome) -> Looked<T> {
    let mut is_chosen = false;
    let judged = ranked.into_iter().map(|one| {
        let outcome = match judge(&one) {
            PriceStepOutcome::Chosen if is_chosen => PriceStepOutcome::Outranked,
            outcome => outcome,
        };
        is_chosen |= outcome == PriceStepOutcome::Chosen;
        (one, outcome)
    });
    judged.collect()
}

/// The one that counts.
pub(crate) fn chosen<T>(looked: &Looked<T>) -> Option<&T> {
    looked.iter().find(|(_, outcome)| *outcome == PriceStepOutcome::Chosen).map(|(one, _)| one)
}

fn price_rank(Candidate { list, price }: &Candidate) -> impl Ord + use<> {
    (
        (
            list.rank(),
            Reverse(list.priority),
            Reverse(price.variant_id.is_some()),
            Reverse(price.min_quantity),
        ),
        (Reverse(list.first_day), Reverse(price.first_day), price.amount, list.code.clone()),
        // Those of other variants, and those that hold no more, are not told apart by any of this, nor need they be to find
        // the one that counts; they are to be shown in one order all the same.
        (price.variant_id, price.last_day),
    )
}

fn discount_rank(rule: &DiscountRule, categories: &[CategoryId]) -> impl Ord + use<> {
    let nearness = match (rule.product_id, rule.category_id) {
        (Some(_), _) => 0,
        (None, Some(category)) => {
            1 + categories.iter().position(|near| *near == category).unwrap_or(categories.len())
        }
        (None, None) => usize::MAX,
    };
    (
        (Reverse(rule.priority), nearness, Reverse(rule.min_quantity)),
        (Reverse(rule.first_day), Reverse(rule.percent), rule.name.clone()),
    )
}

/// How many decimals what one costs has at most: prices may be finer than what can be paid.
const UNIT_DECIMALS: u32 = 4;

/// What is left of an amount after so many per cent are taken off, exactly.
pub(crate) fn less(amount: Decimal, percent: Decimal) -> Decimal {
    amount - amount * percent / Decimal::ONE_HUNDRED
}

/// What one costs, as it is shown: a half goes away from zero.
pub(crate) fn shown(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(UNIT_DECIMALS, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use graphql::Date;
    use rand::rngs::StdRng;
    use rand::seq::{IndexedRandom as _, SliceRandom as _};
    use rand::{Rng as _, SeedableRng as _};

    use super::*;
    use crate::ids::{PriceId, ProductId};
    use crate::price_list::PriceListAudience;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn list(code: &str, audience: PriceListAudience) -> PriceList {
        let (code, currency) = (code.to_owned(), "EUR".to_owned());
        PriceList { code, currency, audience, ..PriceList::blank(DateTime::UNIX_EPOCH) }
    }

    fn candidate(list: &PriceList, amount: i64, min_quantity: i64) -> Candidate {
        let price = Price::blank(DateTime::UNIX_EPOCH, list.id, ProductId::new());
        let (amount, min_quantity) = (Decimal::from(amount), Decimal::from(min_quantity));
        Candidate { list: list.clone(), price: Price { amount, min_quantity, ..price } }
    }

    fn question(quantity: i64) -> Question {
        let (currency, on) = ("EUR".to_owned(), day("2026-03-02"));
        Question { variant_id: None, quantity: Decimal::from(quantity), currency, on }
    }

    fn amount(looked: &Looked<Candidate>) -> Option<Decimal> {
        chosen(looked).map(|candidate| candidate.price.amount)
    }

    #[test]
    fn a_customers_list_comes_before_a_segments_before_everybodys_whatever_their_priorities() {
        let everybody = PriceList { priority: 1000, ..list("ALL", PriceListAudience::Everybody) };
        let segment = PriceList { priority: 500, ..list("SEG", PriceListAudience::Segment) };
        let customer = list("OWN", PriceListAudience::Customer);
        let all = vec![candidate(&everybody, 1, 0), candidate(&segment, 2, 0), candidate(&customer, 3, 0)];
        assert_eq!(amount(&question(1).judge_prices(all.clone())), Some(Decimal::from(3)));
        assert_eq!(amount(&question(1).judge_prices(all[..2].to_vec())), Some(Decimal::from(2)));
        assert_eq!(amount(&question(1).judge_prices(all[..1].to_vec())), Some(Decimal::from(1)));
    }

    #[test]
    fn then_the_highest_priority_then_the_largest_quantity_then_the_latest_day() {
        let (low, high) =
            (list("LOW", PriceListAudience::Everybody), list("HIGH", PriceListAudience::Everybody));
        let high = PriceList { priority: 1, ..high };
        let looked = question(10).judge_prices(vec![candidate(&low, 1, 10), candidate(&high, 2, 0)]);
        assert_eq!(amount(&looked), Some(Decimal::from(2)));
        let looked = question(10).judge_prices(vec![
            candidate(&low, 9, 0),
            candidate(&low, 8, 10),
            candidate(&low, 7, 11),
        ]);
        assert_eq!(amount(&looked), Some(Decimal::from(8)));
        let outcomes: Vec<_> = looked.iter().map(|(_, outcome)| *outcome).collect();
        use PriceStepOutcome::{Chosen, Outranked, QuantityTooSmall};
        assert_eq!(outcomes, [QuantityTooSmall, Chosen, Outranked]);
        let mut late = candidate(&low, 5, 0);
        late.price.first_day = Some(Date(day("2026-03-01")));
        let looked = question(1).judge_prices(vec![candidate(&low, 4, 0), late.clone()]);
        assert_eq!(amount(&looked), Some(Decimal::from(5)));
        late.price.first_day = Some(Date(day("2026-03-03")));
        assert_eq!(amount(&question(1).judge_prices(vec![late])), None);
    }

    /// Prices as they may stand side by side in lists: any audience, priority, currency, days, quantities and variants.
    fn made_up(random: &mut StdRng, variants: &[VariantId]) -> Vec<Candidate> {
        use PriceListAudience::{Customer, Everybody, Segment};
        let days = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"];
        let mut all: Vec<Candidate> = Vec::new();
        for at in 0..random.random_range(1..6) {
            let audience = *[Everybody, Segment, Customer].choose(random).unwrap();
            let mut list = list(&format!("L{at}"), audience);
            list.priority = random.random_range(0..2);
            list.currency = (*["EUR", "EUR", "USD"].choose(random).unwrap()).to_owned();
            list.first_day = days.choose(random).filter(|_| random.random()).map(|text| Date(day(text)));
            for _ in 0..random.random_range(0..6) {
                let mut made = candidate(&list, random.random_range(1..4), random.random_range(0..3) * 5);
                made.price.variant_id = variants.choose(random).copied().filter(|_| random.random());
                made.price.first_day =
                    days.choose(random).filter(|_| random.random()).map(|text| Date(day(text)));
                // As the database has it, no two of one thing from one quantity on hold on the same day of a list.
                let is_same = |other: &Candidate| {
                    let key =
                        |of: &Candidate| (of.list.code.clone(), of.price.variant_id, of.price.min_quantity);
                    key(other) == key(&made)
                };
                if !all.iter().any(is_same) {
                    all.push(made);
                }
            }
        }
        all
    }

    /// PRD-2. `PRODUCTS_SEED` says what they follow from; without it they are others each time.
    #[test]
    fn the_same_prices_come_to_the_same_in_whatever_order_they_were_entered() {
        let seed = testing::seed("PRODUCTS_SEED");
        let mut random = StdRng::seed_from_u64(seed);
        let variants = [VariantId::new(), VariantId::new()];
        let mut found = 0;
        for round in 0..3_000 {
            let mut all = made_up(&mut random, &variants);
            let mut question = question(random.random_range(0..12));
            question.variant_id = variants.choose(&mut random).copied().filter(|_| random.random());
            let told = |looked: Looked<Candidate>| -> Vec<_> {
                let told = looked.into_iter().map(|(candidate, outcome)| {
                    let Candidate { list, price } = candidate;
                    (list.code, price.variant_id, price.min_quantity, price.first_day, price.amount, outcome)
                });
                told.collect()
            };
            let first = told(question.judge_prices(all.clone()));
            for _ in 0..4 {
                all.shuffle(&mut random);
                // Entered anew, they have other ids in another order.
                for candidate in &mut all {
                    (candidate.price.id, candidate.price.version) = (PriceId::new(), 1);
                }
                assert_eq!(told(question.judge_prices(all.clone())), first, "seed {seed}, round {round}");
            }
            let is_chosen =
                |step: &&(String, _, _, _, _, PriceStepOutcome)| step.5 == PriceStepOutcome::Chosen;
            assert!(first.iter().filter(is_chosen).count() <= 1, "seed {seed}, round {round}");
            assert_eq!(first.len(), all.len(), "seed {seed}, round {round}: every one of them was looked at");
            found += first.iter().filter(is_chosen).count();
        }
        assert!(found > 500, "seed {seed}: only {found} had a price");
    }

    #[test]
    fn of_discounts_the_nearest_of_the_highest_priority_counts() {
        let [own, above] = [(); 2].map(|()| CategoryId::new());
        let blank = || DiscountRule::blank(DateTime::UNIX_EPOCH);
        let rule = |name: &str, percent: i64| DiscountRule {
            name: name.into(),
            percent: Decimal::from(percent),
            ..blank()
        };
        let everything = rule("everything", 50);
        let far = DiscountRule { category_id: Some(above), ..rule("far", 40) };
        let near = DiscountRule { category_id: Some(own), ..rule("near", 5) };
        let other =
            DiscountRule { price_list_id: Some(PriceListId::new()), priority: 9, ..rule("other", 99) };
        let mut rules = vec![everything, far, near, other];
        let name = |rules: &[DiscountRule]| {
            let looked = question(1).judge_discounts(rules.to_vec(), PriceListId::new(), &[own, above]);
            chosen(&looked).unwrap().name.clone()
        };
        assert_eq!(name(&rules), "near");
        rules[1].priority = 1;
        assert_eq!(name(&rules), "far");
        rules[1].min_quantity = Decimal::TWO;
        assert_eq!(name(&rules), "near");
    }

    #[test]
    fn what_comes_off_is_worked_out_exactly_and_rounded_once() {
        let off = |amount: &str, percent: &str| {
            shown(less(amount.parse().unwrap(), percent.parse().unwrap())).to_string()
        };
        assert_eq!(off("19.99", "15"), "16.9915");
        assert_eq!(off("0.0005", "50"), "0.0003");
        assert_eq!(off("10", "100"), "0");
    }
}
