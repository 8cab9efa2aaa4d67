//! Leads as forms have them.

use std::mem::take;

use async_graphql::{InputObject, MaybeUndefined};
use common::{Currency, Form, MembershipId, Refusal, Result, text};
use custom::{CustomFieldInput, Definitions};
use graphql::{MoneyInput, inputs};
use rust_decimal::Decimal;

use super::model::Lead;
use crate::ids::{CampaignId, LeadSourceId, LostReasonId, ProductId};
use crate::words::country;

inputs! {
    /// The fields of a new lead.
    LeadCreateInput,
    /// The fields of a lead to change; those that are absent stay as they are.
    LeadUpdateInput {
        /// The first name of the person: 1 to 100 characters.
        nullable first_name: String,
        /// The last name of the person: 1 to 100 characters. A lead has this or the name of a company.
        nullable last_name: String,
        /// The name of the company: 1 to 200 characters.
        nullable company_name: String,
        /// What the person does at the company: 1 to 100 characters.
        nullable job_title: String,
        /// The mail address.
        nullable email: String,
        /// The phone number, with the code of its country (+43 664 1234567), or as it is dialled in the lead's country.
        nullable phone: String,
        /// The two letters of the country that they are in, such as AT.
        nullable country: String,
        /// The city that they are in: 1 to 100 characters.
        nullable city: String,
        /// The id of the source that it came from; null for none.
        nullable source_id: LeadSourceId,
        /// The id of the campaign that brought it; null for none.
        nullable campaign_id: CampaignId,
        /// The id of the membership that looks after it; null for nobody. Of a new one the caller's when absent.
        nullable owner_id: MembershipId,
        /// The ids of the products that they are interested in, 20 at most, in place of those before.
        defaulted product_ids: Vec<ProductId>,
        /// What it may be worth; null when nobody knows.
        nullable estimated_value: MoneyInput,
        /// What else is known of them: 1 to 10,000 characters.
        nullable notes: String,
        /// The values of custom fields to set or to clear, each field once; those that are not named stay as they are.
        defaulted custom_fields: Vec<CustomFieldInput>,
        /// The words that people find it by, in place of those before: 20 at most, each of 1 to 40 characters without
        /// a comma.
        defaulted tags: Vec<String>,
    }
}

/// To whom a lead is given.
#[derive(Clone, Debug, InputObject)]
pub struct LeadAssignInput {
    /// The id of the membership that looks after it from now on; when absent, the rules of assignment say who does.
    pub owner_id: Option<MembershipId>,
}

/// Why a lead was lost.
#[derive(Clone, Debug, InputObject)]
pub struct LeadLoseInput {
    /// The id of the reason.
    pub reason_id: LostReasonId,
}

const NAME_REQUIRED: Refusal =
    Refusal::of("lastName", "REQUIRED", "give the last name of a person or the name of a company");
const PHONE_INVALID: Refusal = Refusal::of(
    "phone",
    "PHONE_INVALID",
    "give a number with the code of its country, such as +43 664 1234567, or say the country",
);

impl Lead {
    /// Takes in a form: a new one into a blank, a changed one into what there was.
    pub(crate) fn fill_in(&mut self, mut input: LeadUpdateInput, fields: &Definitions) -> Result<()> {
        let mut form = Form::default();
        form.optional_name_within("firstName", take(&mut input.first_name), 100, &mut self.first_name);
        form.optional_name_within("lastName", take(&mut input.last_name), 100, &mut self.last_name);
        form.optional_name_within("companyName", take(&mut input.company_name), 200, &mut self.company_name);
        if self.last_name.is_none() && self.company_name.is_none() {
            form.refuse(NAME_REQUIRED);
        }
        form.optional_name_within("jobTitle", take(&mut input.job_title), 100, &mut self.job_title);
        form.optional_name_within("city", take(&mut input.city), 100, &mut self.city);
        country(&mut form, "country", take(&mut input.country), &mut self.country);
        let email = |given: String| {
            const INVALID: &str = "give a mail address of ASCII characters, such as ada@example.org";
            text::email(&given).map(Some).ok_or(Refusal::of("email", "EMAIL_INVALID", INVALID))
        };
        form.optional_checked(take(&mut input.email), email, &mut self.email);
        let of_country = self.country.clone();
        let number = |given: String| {
            let number = phone::number(&given, of_country.as_deref()).ok_or(PHONE_INVALID)?;
            Ok(Some(number.value))
        };
        form.optional_checked(take(&mut input.phone), number, &mut self.phone);
        form.optional(input.source_id, &mut self.source_id);
        form.optional(input.campaign_id, &mut self.campaign_id);
        form.optional(input.owner_id, &mut self.owner_membership_id);
        form.each_once("productIds", take(&mut input.product_ids), 0..=20, &mut self.product_ids);
        self.fill_in_value(&mut form, take(&mut input.estimated_value));
        form.optional_text("notes", take(&mut input.notes), 10_000, &mut self.notes);
        fields.fill_in(&mut form, take(&mut input.custom_fields), self.version == 0, &mut self.custom_fields);
        custom::tags(&mut form, "tags", input.tags, &mut self.tags);
        form.check()
    }

    fn fill_in_value(&mut self, form: &mut Form, given: MaybeUndefined<MoneyInput>) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => (self.estimated_value, self.estimated_value_currency) = (None, None),
            MaybeUndefined::Value(money) => {
                let (mut amount, mut currency) = (Decimal::ZERO, String::new());
                form.currency(
                    "estimatedValue.currency",
                    MaybeUndefined::Value(money.currency),
                    &mut currency,
                );
                let amounts = Decimal::ZERO..=Decimal::from(Currency::AMOUNT_MAX);
                let given = MaybeUndefined::Value(money.amount);
                form.amount("estimatedValue.amount", given, &currency, amounts, &mut amount);
                (self.estimated_value, self.estimated_value_currency) = (Some(amount), Some(currency));
            }
        }
    }
}
