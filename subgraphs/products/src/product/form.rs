//! Products as forms have them.

use std::mem::take;

use async_graphql::MaybeUndefined;
use common::{Currency, Form, Refusal, Result};
use custom::{CustomFieldInput, Definitions};
use graphql::{MoneyInput, inputs};
use rust_decimal::Decimal;

use super::model::{Product, ProductBillingInterval, ProductKind};
use crate::bundle::ProductBundleItemInput;
use crate::ids::{AttributeId, CategoryId, ContactId, UnitOfMeasureId};

inputs! {
    /// The fields of a new product.
    ProductCreateInput,
    /// The fields of a product to change; those that are absent stay as they are.
    ProductUpdateInput {
        /// What it is; it stays so.
        once kind: ProductKind,
        /// The number that the organization knows it by: 1 to 60 characters, of all products and variants together used once,
        /// whatever the case; the next of the series when absent from a new one.
        defaulted sku: String,
        /// What is printed on it as a barcode: 1 to 60 characters, of all products and variants together used once.
        nullable barcode: String,
        /// The name that people know it by: 1 to 200 characters.
        required name: String,
        /// What there is to say of it: 1 to 10,000 characters.
        nullable description: String,
        /// The id of the category that it belongs to; null for none.
        nullable category_id: CategoryId,
        /// The id of the unit that it is counted in; that of its category when absent from a new one. It changes while the
        /// product is a draft, and no more.
        defaulted unit_id: UnitOfMeasureId,
        /// The group that decides on taxes: 1 to 40 characters; null for what its category says.
        nullable tax_group: String,
        /// The account of what is earned: 1 to 40 characters; null for what its category says.
        nullable income_account: String,
        /// The account of what is spent: 1 to 40 characters; null for what its category says.
        nullable expense_account: String,
        /// What one of it costs the organization; null when nobody says.
        nullable standard_cost: MoneyInput,
        /// Whether what comes and goes of it is written down; for goods true when absent from a new one, for others never.
        defaulted tracks_inventory: bool,
        /// How often a subscription is paid for; every month when absent from a new one, and nothing for everything else.
        defaulted billing_interval: ProductBillingInterval,
        /// The ids of the attributes that its variants differ by, 5 at most; they change while it has no variants.
        defaulted attribute_ids: Vec<AttributeId>,
        /// The ids of the contacts that it is bought from, the most important first; 20 at most.
        defaulted vendor_ids: Vec<ContactId>,
        /// What a bundle is made of, 1 to 50 others; they take the place of those before.
        defaulted bundle_items: Vec<ProductBundleItemInput>,
        /// What one of its unit weighs, in kilograms, of six decimals at most.
        nullable weight_kg: Decimal,
        /// How long it is, in millimetres: 1 to 1,000,000.
        nullable length_mm: i32,
        /// How wide it is, in millimetres: 1 to 1,000,000.
        nullable width_mm: i32,
        /// How high it is, in millimetres: 1 to 1,000,000.
        nullable height_mm: i32,
        /// Whether customers see it in the catalogue while it is active; false when absent from a new one.
        defaulted is_public: bool,
        /// The values of custom fields to set or to clear, each field once; those that are not named stay as they are.
        defaulted custom_fields: Vec<CustomFieldInput>,
        /// The words that people find it by, in place of those before: 20 at most, each of 1 to 40 characters without
        /// a comma.
        defaulted tags: Vec<String>,
    }
}

const NAME_MAX: usize = 200;
/// The most characters in a number or a code that is printed on something.
pub(crate) const CODE_MAX: usize = 60;
const DESCRIPTION_MAX: usize = 10_000;
const ATTRIBUTES_MAX: usize = 5;
const VENDORS_MAX: usize = 20;
const MILLIMETRES_MAX: i32 = 1_000_000;

pub(crate) const SKU_TAKEN: Refusal =
    Refusal::of("sku", "SKU_TAKEN", "another product or variant has this number, be it archived or not");
pub(crate) const BARCODE_TAKEN: Refusal = Refusal::of(
    "barcode",
    "BARCODE_TAKEN",
    "another product or variant has this barcode, be it archived or not",
);
const ONLY_GOODS: Refusal =
    Refusal::of("tracksInventory", "ONLY_GOODS", "of goods alone it is written down what comes and goes");
const ONLY_SUBSCRIPTIONS: Refusal =
    Refusal::of("billingInterval", "ONLY_SUBSCRIPTIONS", "subscriptions alone are paid for again and again");
const BUNDLE_VARIANTS: Refusal =
    Refusal::of("attributeIds", "BUNDLE_VARIANTS", "a bundle has no variants; make another bundle");

impl Product {
    /// Takes in a form: a new one into a blank, a changed one into what there was.
    pub(crate) fn fill_in(&mut self, mut input: ProductUpdateInput, fields: &Definitions) -> Result<()> {
        let mut form = Form::default();
        let is_new = self.version == 0;
        form.name_within("sku", take(&mut input.sku), CODE_MAX, &mut self.sku);
        form.optional_name_within("barcode", take(&mut input.barcode), CODE_MAX, &mut self.barcode);
        form.name_within("name", take(&mut input.name), NAME_MAX, &mut self.name);
        form.optional_text(
            "description",
            take(&mut input.description),
            DESCRIPTION_MAX,
            &mut self.description,
        );
        form.optional(input.category_id, &mut self.category_id);
        form.set("unitId", input.unit_id, &mut self.unit_id);
        self.fill_in_books(&mut form, &mut input);
        self.fill_in_kind(&mut form, &mut input, is_new);
        form.optional_decimal(
            "weightKg",
            input.weight_kg,
            Decimal::ZERO..=Decimal::from(1_000_000),
            6,
            &mut self.weight_kg,
        );
        form.optional_number("lengthMm", input.length_mm, 1..=MILLIMETRES_MAX, &mut self.length_mm);
        form.optional_number("widthMm", input.width_mm, 1..=MILLIMETRES_MAX, &mut self.width_mm);
        form.optional_number("heightMm", input.height_mm, 1..=MILLIMETRES_MAX, &mut self.height_mm);
        form.set("isPublic", input.is_public, &mut self.is_public);
        fields.fill_in(&mut form, input.custom_fields, is_new, &mut self.custom_fields);
        custom::tags(&mut form, "tags", input.tags, &mut self.tags);
        form.check()
    }

    fn fill_in_books(&mut self, form: &mut Form, input: &mut ProductUpdateInput) {
        form.optional_name_within("taxGroup", take(&mut input.tax_group), 40, &mut self.tax_group);
        form.optional_name_within(
            "incomeAccount",
            take(&mut input.income_account),
            40,
            &mut self.income_account,
        );
        form.optional_name_within(
            "expenseAccount",
            take(&mut input.expense_account),
            40,
            &mut self.expense_account,
        );
        match take(&mut input.standard_cost) {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => (self.standard_cost, self.standard_cost_currency) = (None, None),
            MaybeUndefined::Value(money) => {
                let (mut amount, mut currency) = (Decimal::ZERO, String::new());
                let range = Decimal::ZERO..=Decimal::from(Currency::AMOUNT_MAX);
                form.currency("standardCost.currency", MaybeUndefined::Value(money.currency), &mut currency);
                // Costs, like prices, may be finer than what can be paid.
                let given = MaybeUndefined::Value(money.amount);
                form.decimal("standardCost.amount", given, range, Currency::DECIMALS_MAX, &mut amount);
                (self.standard_cost, self.standard_cost_currency) = (Some(amount), Some(currency));
            }
        }
    }

    fn fill_in_kind(&mut self, form: &mut Form, input: &mut ProductUpdateInput, is_new: bool) {
        if is_new {
            self.tracks_inventory = self.kind == ProductKind::Good;
            self.billing_interval =
                (self.kind == ProductKind::Subscription).then_some(ProductBillingInterval::Month);
        }
        form.set("tracksInventory", take(&mut input.tracks_inventory), &mut self.tracks_inventory);
        if self.tracks_inventory && self.kind != ProductKind::Good {
            form.refuse(ONLY_GOODS);
        }
        if let MaybeUndefined::Value(interval) = take(&mut input.billing_interval) {
            match self.kind {
                ProductKind::Subscription => self.billing_interval = Some(interval),
                _ => form.refuse(ONLY_SUBSCRIPTIONS),
            }
        }
        form.each_once(
            "attributeIds",
            take(&mut input.attribute_ids),
            0..=ATTRIBUTES_MAX,
            &mut self.attribute_ids,
        );
        if self.kind == ProductKind::Bundle && !self.attribute_ids.is_empty() {
            form.refuse(BUNDLE_VARIANTS);
        }
        form.each_once("vendorIds", take(&mut input.vendor_ids), 0..=VENDORS_MAX, &mut self.vendor_ids);
    }
}
