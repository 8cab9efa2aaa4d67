# How everything is written that modules do not say themselves. Beside each $value stand $value-plural (its plural form, as CLDR
# names it) and $value-sign (none, plus, minus), or $value-capital.

words-days =
    { $count-plural ->
        [one] { $count } day
       *[other] { $count } days
    }
words-days-more = { words-days }
words-hours =
    { $count-plural ->
        [one] { $count } hour
       *[other] { $count } hours
    }
words-hours-more = { words-hours }

# A day, or several, as part of a sentence: leave … was approved. Of a period within one month the first is a number alone, within
# one year it has its month, else it is whole.
words-on-day = on { $day }
words-days-of-month = from { $first } to { $last }
words-days-of-year = from { $first } to { $last }
words-days-of-years = from { $first } to { $last }

# By the reader's clock.
words-instant = { $day } at { $time }

# By the code: several currencies share a sign.
words-money = { $currency }{ "\u00A0" }{ $amount }

# Kinds of things, by the names of their types in the graph; one that is not here is said in English.
words-kind =
    { $kind ->
        [LeaveRequest] leave request
        [ExpenseClaim] expense claim
        [Employee] employee
        [Contact] contact
        [Lead] lead
        [Deal] deal
        [Quote] quote
        [Activity] activity
        [Product] product
       *[other] { $spaced }
    }
