# How everything is written that modules do not say themselves. Beside each $value stand $value-plural (its plural form, as CLDR
# names it) and $value-sign (none, plus, minus), or $value-capital.

words-days = { $count } দিন
words-days-more = { words-days }
words-hours = { $count } ঘণ্টা
words-hours-more = { words-hours }

# A day, or several, as part of a sentence: leave … was approved. Of a period within one month the first is a number alone, within
# one year it has its month, else it is whole.
words-on-day = { $day } তারিখে
words-days-of-month = { $first } থেকে { $last } পর্যন্ত
words-days-of-year = { $first } থেকে { $last } পর্যন্ত
words-days-of-years = { $first } থেকে { $last } পর্যন্ত

# By the reader's clock.
words-instant = { $day }, { $time }

# By the code: several currencies share a sign.
words-money = { $amount }{ "\u00A0" }{ $currency }

# Kinds of things, by the names of their types in the graph; one that is not here is said in English.
words-kind =
    { $kind ->
        [LeaveRequest] ছুটির আবেদন
        [ExpenseClaim] ব্যয়ের দাবি
        [Employee] কর্মী
        [Contact] পরিচিতি
        [Lead] লিড
        [Deal] বিক্রয়ের সুযোগ
        [Quote] মূল্যপ্রস্তাব
        [Activity] কার্যক্রম
        [Product] পণ্য
       *[other] { $spaced }
    }
