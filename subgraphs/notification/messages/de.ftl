# What members are told. A message is the stable id that clients see as Notification.message: its title is read first, its body then.
# Beside each $value stand $value-plural, $value-sign and $value-capital, as in shared/words.

# When leave is, and how much it takes where it takes any.
leave-when =
    { $amount-sign ->
        [none] { $period }
       *[other] { $period } ({ $amount })
    }

# What things are, as a part of other messages.
leave = Urlaub { leave-when }
contact = Kontakt { $number }
lead = Lead { $number }
quote = Angebot { $number }

leave-request-submitted =
    .title = Urlaubsantrag
    .body = Urlaub { leave-when } wartet auf Ihre Entscheidung.
leave-request-submitted-for-you =
    .title = Urlaub beantragt
    .body = Urlaub { leave-when } wurde für Sie beantragt.
leave-request-approved =
    .title = Urlaub genehmigt
    .body = Ihr Urlaub { leave-when } wurde genehmigt.
leave-request-rejected =
    .title = Urlaub abgelehnt
    .body = Ihr Urlaub { leave-when } wurde abgelehnt.
leave-request-cancelled =
    .title = Urlaub storniert
    .body = Ihr Urlaub { leave-when } wurde storniert.
leave-request-cancelled-of-other =
    .title = Urlaub storniert
    .body = Urlaub { leave-when } wurde storniert.
leave-request-withdrawn =
    .title = Urlaubsantrag zurückgezogen
    .body = Der Antrag auf Urlaub { leave-when } wurde zurückgezogen; eine Entscheidung ist nicht mehr nötig.
leave-request-adjusted =
    .title = Urlaub neu berechnet
    .body = Ihr Urlaub { $period } wurde neu berechnet und umfasst jetzt { $amount }.

leave-balance-adjusted =
    .title = Urlaubskonto korrigiert
    .body = Ihr Urlaubskonto wurde um { $change } korrigiert.
leave-balance-adjusted-because =
    .title = Urlaubskonto korrigiert
    .body = Ihr Urlaubskonto wurde um { $change } korrigiert. Begründung: { $reason }
leave-balance-overdrawn =
    .title = Urlaubskonto überzogen
    .body = Ihr Urlaubskonto ist um { $amount } überzogen.
leave-balance-overdrawn-of-other =
    .title = Urlaubskonto überzogen
    .body = Ein Urlaubskonto ist um { $amount } überzogen.

step-assigned =
    .title = Entscheidung erbeten
    .body = Zur Entscheidung liegt Ihnen vor: { $topic }.
step-assigned-of-kind =
    .title = Entscheidung erbeten
    .body = Zur Entscheidung liegt Ihnen vor: { $kind }.

contact-assigned =
    .title = Kontakt zugewiesen
    .body = Kontakt { $number } wird ab jetzt von Ihnen betreut.
contacts-exported =
    .title = Kontakte exportiert
    .body =
        { $contacts-plural ->
            [one] { $contacts } Kontakt wurde aus dem System exportiert.
           *[other] { $contacts } Kontakte wurden aus dem System exportiert.
        }
lead-assigned =
    .title = Lead zugewiesen
    .body = Lead { $number } wartet auf Ihre Antwort.
quote-accepted =
    .title = Angebot angenommen
    .body = Angebot { $number } wurde angenommen.
quote-declined =
    .title = Angebot abgelehnt
    .body = Angebot { $number } wurde abgelehnt.
prices-changed =
    .title = Preise geändert
    .body = Angebot { $number } enthält etwas, dessen Preis sich geändert hat.
activity-due =
    .title = Etwas ist fällig
    .body =
        { $activity ->
            [CALL] Ihr Anruf ist fällig.
            [MEETING] Ihre Besprechung steht an.
            [TASK] Ihre Aufgabe ist fällig.
            [EMAIL] Ihre E-Mail ist fällig.
            [NOTE] Ihre Notiz ist fällig.
           *[other] Ihre Aktivität ist fällig.
        }

stock-low =
    .title = Niedriger Bestand
    .body = Produkt { $product }: Restbestand { $available }. Bitte nachbestellen.
stock-low-in =
    .title = Niedriger Bestand
    .body = Produkt { $product }: Restbestand { $available } in { $warehouse }. Bitte nachbestellen.
