//! vCards, as phones and mail programs write them.

use crate::files::told;
use crate::*;

const IMPORT: &str = "mutation($input: ContactVcardImportInput!) { contactImportVcard(input: $input) {
    report { cards { created updated unchanged failed rows { line userErrors { field code } } } notes { line message } }
    userErrors { field code } } }";

async fn try_import(client: &Client<'_>, vcard: &str, more: Value) -> Answer {
    client.run_with(IMPORT, json!({ "input": with(json!({ "vcard": vcard }), more) })).await
}

/// Takes cards in; answers what became of them, and what was left out.
async fn import(client: &Client<'_>, vcard: &str) -> (([i64; 3], Vec<String>), Vec<String>) {
    let done = try_import(client, vcard, json!({ "country": "AT" })).await.ok();
    let report = &done["contactImportVcard"]["report"];
    let notes = report["notes"].as_array().unwrap();
    let notes = notes.iter().map(|note| format!("{} {}", note["line"], text(&note["message"])));
    (told(&report["cards"]), notes.collect())
}

/// As the address book of a phone writes version 3.0: groups, labels of its own, a photo, folded lines.
const PHONE: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Phone//EN\r\nN:Lovelace;Ada;King;Dr.;\r\nFN:Dr. Ada King Lovelace\r\n\
    ORG:Analytical Engines;Research\r\nTITLE:Countess\r\nEMAIL;type=INTERNET;type=HOME;type=pref:ADA@Home.example\r\n\
    item1.EMAIL;type=INTERNET:ada@work.example\r\nitem1.X-ABLabel:_$!<Work>!$_\r\nTEL;type=CELL;type=VOICE:0664 1234567\r\n\
    item2.TEL:+44 20 7946 0000\r\nitem2.X-ABLabel:Secre\r\n tary\r\nTEL;type=FAX:*100#\r\n\
    item3.ADR;type=HOME;type=pref:;;12 St James's Square\\nFlat 2;London;;SW1Y;England\r\nitem3.X-ABADR:gb\r\n\
    URL;type=WORK:https://ada.example\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-12-10\r\nNOTE:First line\\nsecond\\, line\r\n\
    PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAASABIAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEB\r\n AQEBAQEBAQEBAQEB\r\n\
    UID:1234-5678\r\nEND:VCARD\r\n";

#[tokio::test]
async fn a_card_of_a_phone_is_taken_whole_and_says_what_was_left_out() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let (done, notes) = import(&admin, PHONE).await;
    assert_eq!(done, ([1, 0, 0], vec![]));
    assert_eq!(
        notes,
        [
            "1 a birthday without its year was left out",
            "1 a phone number that is none, or has no code of its country was left out",
            "1 a picture was left out"
        ]
    );
    let told = admin.run("{ contacts(filter: { kind: PERSON }) { nodes { name namePrefix jobTitle parentCompany { name kind }
        emails { value label isPrimary } phones { value label } website notes externalIds { system value }
        addresses { kind lines city postalCode country } } } }").await.ok();
    assert_eq!(
        told["contacts"]["nodes"],
        json!([{ "name": "Ada King Lovelace", "namePrefix": "Dr.", "jobTitle": "Countess",
        "parentCompany": { "name": "Analytical Engines", "kind": "COMPANY" },
        "emails": [{ "value": "ada@home.example", "label": "home", "isPrimary": true },
            { "value": "ada@work.example", "label": "Work", "isPrimary": false }],
        "phones": [{ "value": "+436641234567", "label": "mobile" }, { "value": "+442079460000", "label": "Secretary" }],
        "website": "https://ada.example", "notes": "First line\nsecond, line",
        "externalIds": [{ "system": "vcard", "value": "1234-5678" }],
        "addresses": [{ "kind": "HOME", "lines": ["12 St James's Square", "Flat 2"], "city": "London", "postalCode": "SW1Y", "country": "GB" }] }])
    );
    assert_eq!(import(&admin, PHONE).await.0, ([0, 0, 1], vec![]));
    // What is there stays, and what is not is added.
    let more = "BEGIN:VCARD\nVERSION:3.0\nN:Lovelace;Ada King;;;\nFN:Ada\nEMAIL:ada@home.example\nEMAIL:third@x.example\nEND:VCARD\n";
    assert_eq!(import(&admin, more).await.0, ([0, 1, 0], vec![]));
    let told = admin
        .run("{ contacts(filter: { search: \"lovelace\" }) { nodes { emails { value } jobTitle } } }")
        .await
        .ok();
    assert_eq!(
        told["contacts"]["nodes"],
        json!([{ "jobTitle": "Countess",
        "emails": [{ "value": "ada@home.example" }, { "value": "ada@work.example" }, { "value": "third@x.example" }] }])
    );
}

#[tokio::test]
async fn cards_of_every_version_are_read() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let file = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\r\n\
        FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg =\r\nM=C3=BCller\r\nTEL;CELL;PREF:+43 664 7654321\r\n\
        EMAIL;INTERNET:joerg@x.example\r\nNOTE;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:sch=F6n\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:org\r\nFN:Mill & Sons\r\nORG:Mill & Sons\r\nTEL;VALUE=uri;PREF=1;TYPE=\"voice,work\":tel:+43-316-555-0100;ext=7\r\n\
        EMAIL;TYPE=work;PREF=1:office@mill.example\r\nCATEGORIES:Fair,VIP\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Grace Hopper\r\nBDAY:19061209\r\nADR;TYPE=work:;;Navy Yard 1;Arlington;VA;22202;United States\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:Friends\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n";
    let (done, _) = import(&admin, file).await;
    assert_eq!(done, ([3, 0, 0], vec!["25 - CARD_OF_A_GROUP".to_owned(), "30 lastName REQUIRED".to_owned()]));
    let told = admin.run("{ contacts { nodes { name kind birthday notes tags emails { value } phones { value extension label }
        addresses { lines city region country } } } }").await.ok();
    assert_eq!(
        told["contacts"]["nodes"],
        json!([
            { "name": "Grace Hopper", "kind": "PERSON", "birthday": "1906-12-09", "notes": null, "tags": [], "emails": [], "phones": [],
                "addresses": [{ "lines": ["Navy Yard 1"], "city": "Arlington", "region": "VA", "country": "US" }] },
            { "name": "Mill & Sons", "kind": "COMPANY", "birthday": null, "notes": null, "tags": ["Fair", "VIP"],
                "emails": [{ "value": "office@mill.example" }],
                "phones": [{ "value": "+433165550100", "extension": "7", "label": "work" }], "addresses": [] },
            { "name": "Jörg Müller", "kind": "PERSON", "birthday": null, "notes": "schön", "tags": [],
                "emails": [{ "value": "joerg@x.example" }], "phones": [{ "value": "+436647654321", "extension": null, "label": "mobile" }],
                "addresses": [] },
        ])
    );
}

#[tokio::test]
async fn what_goes_out_as_cards_comes_back_unchanged() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let mill = company(&admin, "Mill; \"The\", Söhne", json!({ "website": "https://mill.example" })).await;
    person(&admin, "Ada", "Love\\lace", json!({ "parentCompanyId": mill, "birthday": "1990-12-10", "jobTitle": "Miller",
        "notes": format!("two\nlines {}", "ö".repeat(100)), "tags": ["a;b", "c"],
        "emails": [{ "value": "a@x.example", "label": "Weekend, only" }, { "value": "b@x.example", "label": "work", "isPrimary": true }],
        "phones": [{ "value": "+43 664 1234567", "label": "mobile" }, { "value": "+43 1 555 0100 ext. 7" }],
        "addresses": [{ "kind": "BILLING", "lines": ["A", "B"], "city": "Graz", "postalCode": "8010", "country": "AT" }] })).await;
    let page =
        admin.run("{ contactsExportVcard { vcard count hasNextPage } }").await.ok()["contactsExportVcard"]
            .clone();
    let vcard = text(&page["vcard"]);
    assert_eq!(page["count"], 2);
    assert!(vcard.split("\r\n").all(|line| line.len() <= 75), "{vcard}");
    assert_eq!(import(&admin, &vcard).await, (([0, 0, 2], vec![]), vec![]), "{vcard}");
    // At an organization that has none of them, it makes the same.
    let other = Person::new(&[Role::Owner]);
    let other = app.as_(&other);
    assert_eq!(import(&other, &vcard).await.0, ([2, 0, 0], vec![]));
    let fields = "name jobTitle birthday notes tags website emails { value label isPrimary } phones { value extension label }
        addresses { kind lines city postalCode country } parentCompany { name }";
    let query = format!("{{ contacts {{ nodes {{ {fields} }} }} }}");
    assert_eq!(other.run(&query).await.ok(), admin.run(&query).await.ok());
}

#[tokio::test]
async fn what_strangers_write_is_told_with_its_line_and_nothing_is_half_done() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let long = "x".repeat(1_000_001);
    for (file, code) in [
        ("", "VCARD_EMPTY"),
        ("name,mail\na,b\n", "VCARD_INVALID"),
        ("BEGIN:VCARD\nFN:\u{FFFD}\nEND:VCARD", "VCARD_NOT_UTF8"),
        (&long, "VCARD_TOO_LARGE"),
    ] {
        assert_eq!(try_import(&admin, file, json!({})).await.refusals(), [code]);
    }
    let wrong = try_import(&admin, PHONE, json!({ "country": "Austria" })).await;
    assert_eq!(wrong.refusals(), ["COUNTRY_UNKNOWN"]);
    // None of these stops it, or the cards beside it.
    let broken = [
        "",
        ":",
        ";",
        "N",
        "N:;;;;",
        "N;;;:x",
        "TEL;=:1",
        "\u{1F4A9}:x",
        "a.b.c.N:x",
        "EMAIL;TYPE=\"",
        "ADR:;;;;;;;;;;;;;;",
        "BDAY:0000-00-00",
        "PHOTO;ENCODING=b:!!!",
        "NOTE;ENCODING=QUOTED-PRINTABLE:=ZZ=",
        "X-\u{202E}:1",
        "CATEGORIES:,,,",
        "N:a\\",
    ];
    let cards: String =
        broken.iter().map(|line| format!("BEGIN:VCARD\nVERSION:3.0\n{line}\nEND:VCARD\n")).collect();
    let good = "BEGIN:VCARD\nVERSION:3.0\nFN:Good One\nEND:VCARD\n";
    let done = try_import(&admin, &format!("{cards}{good}"), json!({})).await.ok();
    assert!(done["contactImportVcard"]["report"]["cards"]["created"].as_i64().unwrap() >= 1, "{done}");
    assert!(names(&admin, "").await.contains(&"Good One".to_owned()));
}
