# How everything is written that modules do not say themselves. Beside each $value stand $value-plural (its plural form, as CLDR
# names it) and $value-sign (none, plus, minus), or $value-capital.

words-days =
    { $count-plural ->
        [one] { $count } Tag
       *[other] { $count } Tage
    }
words-days-more = { words-days }
words-hours =
    { $count-plural ->
        [one] { $count } Stunde
       *[other] { $count } Stunden
    }
words-hours-more = { words-hours }

# A day, or several, as part of a sentence: leave … was approved. Of a period within one month the first is a number alone, within
# one year it has its month, else it is whole.
words-on-day = am { $day }
words-days-of-month = vom { $first }. bis { $last }
words-days-of-year = vom { $first } bis { $last }
words-days-of-years = vom { $first } bis { $last }

# By the reader's clock.
words-instant = { $day } um { $time } Uhr

# By the code: several currencies share a sign.
words-money = { $amount }{ "\u00A0" }{ $currency }

# Kinds of things, by the names of their types in the graph; one that is not here is said in English.
words-kind =
    { $kind ->
        [LeaveRequest] Urlaubsantrag
        [ExpenseClaim] Spesenabrechnung
        [Employee] Beschäftigte
        [Contact] Kontakt
        [Lead] Lead
        [Deal] Verkaufschance
        [Quote] Angebot
        [Activity] Aktivität
        [Product] Produkt
       *[other] { $spaced }
    }
