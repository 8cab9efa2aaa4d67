//! The page that a customer reads, prints and decides on. It runs no script and loads nothing from elsewhere.

use std::fmt::Write as _;

use graphql::Money;
use rust_decimal::Decimal;

use super::{Quote, QuoteStatus};

/// What the page shows beside the quote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// What is said on top: that it was accepted, or what is wrong with what was written.
    pub(crate) notice: Option<String>,
    /// What the form is sent to; nothing where there is nothing to decide.
    pub(crate) action: Option<String>,
}

/// What stands in HTML for a text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("<br>"),
            other => out.push(other),
        }
    }
    out
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:52rem;padding:0 1rem;color:#1a1a1a}\
table{border-collapse:collapse;width:100%;margin:1.5rem 0}th,td{padding:.5rem;border-bottom:1px solid #ccc;text-align:left;\
vertical-align:top}td.n,th.n{text-align:right;white-space:nowrap}tfoot td{font-weight:bold}.notice{background:#eef5ea;\
padding:.75rem 1rem;border-left:4px solid #4a7a35}form{margin-top:2rem;border-top:1px solid #ccc;padding-top:1rem}\
input,textarea,button{font:inherit;padding:.4rem;margin:.25rem 0}label{display:block}@media print{form{display:none}}";

fn state(status: QuoteStatus) -> &'static str {
    match status {
        QuoteStatus::Draft => "Draft",
        QuoteStatus::Sent | QuoteStatus::Viewed => "Open",
        QuoteStatus::Accepted => "Accepted",
        QuoteStatus::Declined => "Declined",
        QuoteStatus::Expired => "Expired",
        QuoteStatus::Superseded => "Replaced by a newer version",
    }
}

fn money(amount: Decimal, currency: &str) -> String {
    let money = Money::new(amount, currency);
    format!("{} {}", money.amount, money.currency)
}

/// The page of a quote.
pub(crate) fn html(quote: &Quote, shown: &Shown) -> String {
    let mut page = String::with_capacity(4_096);
    let number = escaped(&quote.number);
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Quote {number}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <style>{STYLE}</style></head><body><h1>Quote {number}</h1><p>Version {} &middot; {}</p>",
        quote.revision,
        state(quote.status)
    );
    if let Some(notice) = &shown.notice {
        let _ = write!(page, "<p class=\"notice\">{}</p>", escaped(notice));
    }
    if let Some(recipient) = &quote.recipient {
        let _ = write!(page, "<p>{}</p>", escaped(recipient));
    }
    page.push_str(&table(quote));
    if let Some(last) = quote.valid_until {
        let _ = write!(page, "<p>Valid until {}</p>", last.0);
    }
    if let Some(terms) = &quote.terms {
        let _ = write!(page, "<h2>Terms</h2><p>{}</p>", escaped(terms));
    }
    if let Some(action) = shown.action.as_deref().filter(|_| quote.is_open()) {
        let action = escaped(action);
        let _ = write!(
            page,
            "<form method=\"post\" action=\"{action}\"><h2>Your decision</h2>\
             <label>Your name <input name=\"name\" required maxlength=\"100\" autocomplete=\"name\"></label>\
             <label>If you decline, why <textarea name=\"reason\" maxlength=\"1000\"></textarea></label>\
             <button name=\"decision\" value=\"accept\">Accept</button> \
             <button name=\"decision\" value=\"decline\">Decline</button></form>"
        );
    }
    page.push_str("</body></html>");
    page
}

fn table(quote: &Quote) -> String {
    let mut table = String::from(
        "<table><thead><tr><th>Item</th><th class=\"n\">Quantity</th><th class=\"n\">Price</th>\
         <th class=\"n\">Discount</th><th class=\"n\">Amount</th></tr></thead><tbody>",
    );
    for line in &quote.lines.0 {
        let _ = write!(
            table,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{} %</td><td class=\"n\">{}</td></tr>",
            escaped(&line.description),
            line.quantity.normalize(),
            money(line.unit_price, &quote.currency),
            line.discount_percent.normalize(),
            money(line.amount, &quote.currency),
        );
    }
    let total = money(quote.total, &quote.currency);
    let _ = write!(
        table,
        "</tbody><tfoot><tr><td colspan=\"4\">Total</td><td class=\"n\">{total}</td></tr></tfoot></table>"
    );
    table
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::ids::DealId;

    #[test]
    fn what_somebody_wrote_is_text_on_the_page_and_nothing_else() {
        let quote = Quote {
            recipient: Some("<script>alert(1)</script>".to_owned()),
            terms: Some("\"quoted\" & 'single'\nnext".to_owned()),
            ..Quote::blank(DateTime::UNIX_EPOCH, DealId::new())
        };
        let page = html(&quote, &Shown { notice: Some("<b>".to_owned()), action: None });
        assert!(!page.contains("<script>") && !page.contains("<b>"));
        assert!(
            page.contains("&lt;script&gt;")
                && page.contains("&quot;quoted&quot; &amp; &#39;single&#39;<br>next")
        );
        assert!(!page.contains("<form"), "a draft is not decided on");
    }
}
