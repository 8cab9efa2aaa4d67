# How everything is written that modules do not say themselves. Beside each $value stand $value-plural (its plural form, as CLDR
# names it) and $value-sign (none, plus, minus), or $value-capital.

# One and two are words of their own; what tells a difference has its number in any case.
words-days =
    { $count-plural ->
        [one] يوم واحد
        [two] يومان
        [few] { $count } أيام
        [many] { $count } يومًا
       *[other] { $count } يوم
    }
words-days-more =
    { $count-plural ->
        [few] { $count } أيام
        [many] { $count } يومًا
       *[other] { $count } يوم
    }
words-hours =
    { $count-plural ->
        [one] ساعة واحدة
        [two] ساعتان
        [few] { $count } ساعات
       *[other] { $count } ساعة
    }
words-hours-more =
    { $count-plural ->
        [few] { $count } ساعات
       *[other] { $count } ساعة
    }

# A day, or several, as part of a sentence: leave … was approved. Of a period within one month the first is a number alone, within
# one year it has its month, else it is whole.
words-on-day = يوم { $day }
words-days-of-month = من { $first } إلى { $last }
words-days-of-year = من { $first } إلى { $last }
words-days-of-years = من { $first } إلى { $last }

# By the reader's clock.
words-instant = { $day } الساعة { $time }

# By the code: several currencies share a sign.
words-money = { $amount }{ "\u00A0" }{ $currency }

# Kinds of things, by the names of their types in the graph; one that is not here is said in English.
words-kind =
    { $kind ->
        [LeaveRequest] طلب إجازة
        [ExpenseClaim] مطالبة مصروفات
        [Employee] موظف
        [Contact] جهة اتصال
        [Lead] عميل محتمل
        [Deal] صفقة
        [Quote] عرض سعر
        [Activity] نشاط
        [Product] منتج
       *[other] { $spaced }
    }
