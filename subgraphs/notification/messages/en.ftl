# What members are told. A message is the stable id that clients see as Notification.message: its title is read first, its body then.
# Beside each $value stand $value-plural, $value-sign and $value-capital, as in shared/words.

# When leave is, and how much it takes where it takes any.
leave-when =
    { $amount-sign ->
        [none] { $period }
       *[other] { $period } ({ $amount })
    }

# What things are, as a part of other messages.
leave = leave { leave-when }
contact = contact { $number }
lead = lead { $number }
quote = quote { $number }

leave-request-submitted =
    .title = Leave request
    .body = Leave { leave-when } waits for your decision.
leave-request-submitted-for-you =
    .title = Leave asked for
    .body = Leave { leave-when } was asked for on your behalf.
leave-request-approved =
    .title = Leave approved
    .body = Your leave { leave-when } was approved.
leave-request-rejected =
    .title = Leave rejected
    .body = Your leave { leave-when } was rejected.
leave-request-cancelled =
    .title = Leave cancelled
    .body = Your leave { leave-when } was cancelled.
leave-request-cancelled-of-other =
    .title = Leave cancelled
    .body = Leave { leave-when } was cancelled.
leave-request-withdrawn =
    .title = Leave withdrawn
    .body = Leave { leave-when } was withdrawn and needs no decision any more.
leave-request-adjusted =
    .title = Leave counted again
    .body = Your leave { $period } was counted again and takes { $amount } now.

leave-balance-adjusted =
    .title = Leave balance corrected
    .body = Your leave balance was corrected by { $change }.
leave-balance-adjusted-because =
    .title = Leave balance corrected
    .body = Your leave balance was corrected by { $change }. Reason: { $reason }
leave-balance-overdrawn =
    .title = Leave balance overdrawn
    .body = Your leave balance is overdrawn by { $amount }.
leave-balance-overdrawn-of-other =
    .title = Leave balance overdrawn
    .body = A leave balance is overdrawn by { $amount }.

step-assigned =
    .title = Waiting for your decision
    .body = { $topic-capital } waits for your decision.
step-assigned-of-kind =
    .title = Waiting for your decision
    .body = This { $kind } waits for your decision.

contact-assigned =
    .title = Contact given to you
    .body = Contact { $number } is yours to look after.
contacts-exported =
    .title = Contacts exported
    .body =
        { $contacts-plural ->
            [one] { $contacts } contact was taken out of the system.
           *[other] { $contacts } contacts were taken out of the system.
        }
lead-assigned =
    .title = Lead given to you
    .body = Lead { $number } is yours to answer.
quote-accepted =
    .title = Quote accepted
    .body = Quote { $number } was accepted.
quote-declined =
    .title = Quote declined
    .body = Quote { $number } was declined.
prices-changed =
    .title = Prices changed
    .body = Quote { $number } offers something whose price has changed.
activity-due =
    .title = Something is due
    .body =
        { $activity ->
            [CALL] A call of yours is due.
            [MEETING] A meeting of yours is due.
            [TASK] A task of yours is due.
            [EMAIL] An e-mail of yours is due.
            [NOTE] A note of yours is due.
           *[other] An activity of yours is due.
        }

stock-low =
    .title = Stock is low
    .body = Product { $product } has { $available } left and is to be ordered again.
stock-low-in =
    .title = Stock is low
    .body = Product { $product } has { $available } left in { $warehouse } and is to be ordered again.
