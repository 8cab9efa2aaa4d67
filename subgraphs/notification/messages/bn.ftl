# What members are told. A message is the stable id that clients see as Notification.message: its title is read first, its body then.
# Beside each $value stand $value-plural, $value-sign and $value-capital, as in shared/words.

# When leave is, and how much it takes where it takes any.
leave-when =
    { $amount-sign ->
        [none] { $period }
       *[other] { $period } ({ $amount })
    }

# What things are, as a part of other messages.
leave = { leave-when } ছুটি
contact = পরিচিতি { $number }
lead = লিড { $number }
quote = মূল্যপ্রস্তাব { $number }

leave-request-submitted =
    .title = ছুটির আবেদন
    .body = { leave-when } ছুটির একটি আবেদন আপনার সিদ্ধান্তের অপেক্ষায় আছে।
leave-request-submitted-for-you =
    .title = ছুটির আবেদন করা হয়েছে
    .body = { leave-when } ছুটির জন্য আপনার পক্ষে আবেদন করা হয়েছে।
leave-request-approved =
    .title = ছুটি মঞ্জুর
    .body = { leave-when } আপনার ছুটি মঞ্জুর হয়েছে।
leave-request-rejected =
    .title = ছুটি নামঞ্জুর
    .body = { leave-when } আপনার ছুটি নামঞ্জুর হয়েছে।
leave-request-cancelled =
    .title = ছুটি বাতিল
    .body = { leave-when } আপনার ছুটি বাতিল করা হয়েছে।
leave-request-cancelled-of-other =
    .title = ছুটি বাতিল
    .body = { leave-when } নির্ধারিত ছুটি বাতিল করা হয়েছে।
leave-request-withdrawn =
    .title = ছুটির আবেদন প্রত্যাহার
    .body = { leave-when } ছুটির আবেদনটি প্রত্যাহার করা হয়েছে; এ বিষয়ে আর সিদ্ধান্তের প্রয়োজন নেই।
leave-request-adjusted =
    .title = ছুটির পুনর্গণনা
    .body = { $period } আপনার ছুটি পুনরায় গণনা করা হয়েছে; এখন এর পরিমাণ { $amount }।

leave-balance-adjusted =
    .title = ছুটির হিসাব সংশোধন
    .body = আপনার ছুটির হিসাব সংশোধন করা হয়েছে: { $change }।
leave-balance-adjusted-because =
    .title = ছুটির হিসাব সংশোধন
    .body = আপনার ছুটির হিসাব সংশোধন করা হয়েছে: { $change }। কারণ: { $reason }
leave-balance-overdrawn =
    .title = ছুটির হিসাবে ঘাটতি
    .body = আপনার ছুটির হিসাবে { $amount } ঘাটতি রয়েছে।
leave-balance-overdrawn-of-other =
    .title = ছুটির হিসাবে ঘাটতি
    .body = একটি ছুটির হিসাবে { $amount } ঘাটতি রয়েছে।

step-assigned =
    .title = আপনার সিদ্ধান্তের অপেক্ষায়
    .body = আপনার সিদ্ধান্তের অপেক্ষায় আছে: { $topic }।
step-assigned-of-kind =
    .title = আপনার সিদ্ধান্তের অপেক্ষায়
    .body = আপনার সিদ্ধান্তের অপেক্ষায় আছে: { $kind }।

contact-assigned =
    .title = পরিচিতির দায়িত্ব
    .body = পরিচিতি { $number } এখন থেকে আপনার তত্ত্বাবধানে।
contacts-exported =
    .title = পরিচিতি রপ্তানি
    .body = সিস্টেম থেকে { $contacts }টি পরিচিতি রপ্তানি করা হয়েছে।
lead-assigned =
    .title = লিডের দায়িত্ব
    .body = লিড { $number } আপনার উত্তরের অপেক্ষায় আছে।
quote-accepted =
    .title = মূল্যপ্রস্তাব গৃহীত
    .body = মূল্যপ্রস্তাব { $number } গৃহীত হয়েছে।
quote-declined =
    .title = মূল্যপ্রস্তাব প্রত্যাখ্যাত
    .body = মূল্যপ্রস্তাব { $number } প্রত্যাখ্যাত হয়েছে।
prices-changed =
    .title = মূল্য পরিবর্তিত
    .body = মূল্যপ্রস্তাব { $number }-এর কোনো পণ্যের মূল্য পরিবর্তিত হয়েছে।
activity-due =
    .title = নির্ধারিত সময় হয়েছে
    .body =
        { $activity ->
            [CALL] আপনার ফোনকলের সময় হয়েছে।
            [MEETING] আপনার সভার সময় হয়েছে।
            [TASK] আপনার কাজের সময় হয়েছে।
            [EMAIL] আপনার ইমেইলের সময় হয়েছে।
            [NOTE] আপনার নোটের সময় হয়েছে।
           *[other] আপনার কার্যক্রমের সময় হয়েছে।
        }

stock-low =
    .title = মজুত কম
    .body = পণ্য { $product }: মজুত আছে { $available }। অনুগ্রহ করে আবার ফরমাশ দিন।
stock-low-in =
    .title = মজুত কম
    .body = পণ্য { $product }: { $warehouse } গুদামে মজুত আছে { $available }। অনুগ্রহ করে আবার ফরমাশ দিন।
