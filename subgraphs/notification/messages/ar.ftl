# What members are told. A message is the stable id that clients see as Notification.message: its title is read first, its body then.
# Beside each $value stand $value-plural, $value-sign and $value-capital, as in shared/words.

# When leave is, and how much it takes where it takes any.
leave-when =
    { $amount-sign ->
        [none] { $period }
       *[other] { $period } ({ $amount })
    }

# What things are, as a part of other messages.
leave = إجازة { leave-when }
contact = جهة الاتصال { $number }
lead = العميل المحتمل { $number }
quote = عرض السعر { $number }

leave-request-submitted =
    .title = طلب إجازة
    .body = طلب إجازة { leave-when } بانتظار قراركم.
leave-request-submitted-for-you =
    .title = طلب إجازة نيابةً عنكم
    .body = قُدِّم نيابةً عنكم طلب إجازة { leave-when }.
leave-request-approved =
    .title = الموافقة على الإجازة
    .body = تمت الموافقة على إجازتكم { leave-when }.
leave-request-rejected =
    .title = رفض الإجازة
    .body = تم رفض إجازتكم { leave-when }.
leave-request-cancelled =
    .title = إلغاء الإجازة
    .body = تم إلغاء إجازتكم { leave-when }.
leave-request-cancelled-of-other =
    .title = إلغاء الإجازة
    .body = تم إلغاء الإجازة { leave-when }.
leave-request-withdrawn =
    .title = سحب طلب الإجازة
    .body = تم سحب طلب الإجازة { leave-when } ولم يعد بحاجة إلى قرار.
leave-request-adjusted =
    .title = إعادة احتساب الإجازة
    .body = أُعيد احتساب إجازتكم { $period }، ومدتها الآن { $amount }.

leave-balance-adjusted =
    .title = تصحيح رصيد الإجازات
    .body = تم تصحيح رصيد إجازاتكم: { $change }.
leave-balance-adjusted-because =
    .title = تصحيح رصيد الإجازات
    .body = تم تصحيح رصيد إجازاتكم: { $change }. السبب: { $reason }
leave-balance-overdrawn =
    .title = تجاوز رصيد الإجازات
    .body = تم تجاوز رصيد إجازاتكم، ومقدار التجاوز { $amount }.
leave-balance-overdrawn-of-other =
    .title = تجاوز رصيد الإجازات
    .body = تم تجاوز أحد أرصدة الإجازات، ومقدار التجاوز { $amount }.

step-assigned =
    .title = بانتظار قراركم
    .body = بانتظار قراركم: { $topic }.
step-assigned-of-kind =
    .title = بانتظار قراركم
    .body = بانتظار قراركم: { $kind }.

contact-assigned =
    .title = إسناد جهة اتصال إليكم
    .body = أصبحت جهة الاتصال { $number } في عهدتكم.
contacts-exported =
    .title = تصدير جهات اتصال
    .body =
        { $contacts-plural ->
            [one] تم تصدير جهة اتصال واحدة من النظام.
            [two] تم تصدير جهتي اتصال من النظام.
            [few] تم تصدير { $contacts } جهات اتصال من النظام.
           *[other] تم تصدير { $contacts } جهة اتصال من النظام.
        }
lead-assigned =
    .title = إسناد عميل محتمل إليكم
    .body = العميل المحتمل { $number } بانتظار ردكم.
quote-accepted =
    .title = قبول عرض السعر
    .body = تم قبول عرض السعر { $number }.
quote-declined =
    .title = رفض عرض السعر
    .body = تم رفض عرض السعر { $number }.
prices-changed =
    .title = تغيّرت الأسعار
    .body = يتضمن عرض السعر { $number } شيئًا تغيّر سعره.
activity-due =
    .title = حان الموعد
    .body =
        { $activity ->
            [CALL] حان موعد مكالمتكم.
            [MEETING] حان موعد اجتماعكم.
            [TASK] حان موعد مهمتكم.
            [EMAIL] حان موعد رسالتكم الإلكترونية.
            [NOTE] حان موعد ملاحظتكم.
           *[other] حان موعد نشاطكم.
        }

stock-low =
    .title = انخفاض المخزون
    .body = المتبقي من المنتج { $product }: { $available }. يُرجى إعادة الطلب.
stock-low-in =
    .title = انخفاض المخزون
    .body = المتبقي من المنتج { $product } في { $warehouse }: { $available }. يُرجى إعادة الطلب.
