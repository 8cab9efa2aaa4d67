//! People and companies.

use crate::*;

#[tokio::test]
async fn a_person_and_a_company_are_found_by_everything_that_is_known_of_them() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let mill = company(&admin, "Mill GmbH", json!({ "tradeName": "The Mill", "taxId": "ATU 123.456-78",
        "website": "mill.example", "roles": ["VENDOR", "CUSTOMER", "CUSTOMER"], "annualRevenue": { "amount": "250000", "currency": "EUR" },
        "addresses": [{ "lines": ["River Road 1"], "city": "Graz", "postalCode": "8010", "country": "at" }] }))
    .await;
    let ada = person(&admin, "Ada", "Müller", json!({ "parentCompanyId": mill, "jobTitle": "Miller",
        "emails": [{ "value": "Ada@Mill.example", "label": "work" }, { "value": "ada@home.example", "isPrimary": true }],
        "phones": [{ "value": "0664 1234567", "country": "AT", "label": "mobile" }, { "value": "+43 1 555 0100 ext. 7" }],
        "externalIds": [{ "system": "shop", "value": "4711" }], "tags": ["VIP"] }))
    .await;
    let told = ask(
        &admin,
        &mill,
        "name number taxId website roles annualRevenue { amount currency } addresses { kind country }",
    )
    .await;
    assert_eq!(
        told,
        json!({ "name": "The Mill", "number": "C-00001", "taxId": "ATU12345678",
        "website": "https://mill.example", "roles": ["CUSTOMER", "VENDOR"],
        "annualRevenue": { "amount": "250000.00", "currency": "EUR" },
        "addresses": [{ "kind": "OFFICE", "country": "AT" }] })
    );
    let told = ask(
        &admin,
        &ada,
        "name primaryEmail emails { value isPrimary } phones { value extension label isPrimary }
        parentCompany { id } externalIds { system value }",
    )
    .await;
    assert_eq!(
        told,
        json!({ "name": "Ada Müller", "primaryEmail": "ada@home.example",
        "emails": [{ "value": "ada@mill.example", "isPrimary": false }, { "value": "ada@home.example", "isPrimary": true }],
        "phones": [{ "value": "+436641234567", "extension": null, "label": "mobile", "isPrimary": true },
            { "value": "+4315550100", "extension": "7", "label": null, "isPrimary": false }],
        "parentCompany": { "id": mill }, "externalIds": [{ "system": "shop", "value": "4711" }] })
    );
    for filter in [
        "search: \"muller\"",
        "search: \"ada@home\"",
        "search: \"+43 664 1234567\"",
        "search: \"C-00002\"",
        "tag: \"VIP\"",
        &format!("parentCompanyId: \"{mill}\""),
        &format!("ids: [\"{ada}\"]"),
        "kind: PERSON",
        "hasPhone: true",
    ] {
        assert_eq!(names(&admin, filter).await, ["Ada Müller"], "{filter}");
    }
    for filter in
        ["search: \"mill graz\"", "role: VENDOR", "country: \"AT\"", "kind: COMPANY", "hasEmail: false"]
    {
        assert_eq!(names(&admin, filter).await, ["The Mill"], "{filter}");
    }
    let found = admin.run("{ contactsByEmail(email: \"ADA@mill.example\") { id } }").await.ok();
    assert_eq!(found["contactsByEmail"], json!([{ "id": ada }]));
}

#[tokio::test]
async fn what_is_wrong_with_a_contact_is_told_at_each_field() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let answer = admin
        .try_create("contact", json!({ "kind": "PERSON", "legalName": "X", "emails": [{ "value": "a@b.example" },
            { "value": "none" }, { "value": "A@b.example" }], "phones": [{ "value": "0664 1234567" }],
            "addresses": [{}, { "city": "Graz", "country": "Austria" }], "taxId": "?", "website": "ftp://x", "language": "german",
            "externalIds": [] }))
        .await;
    let told: Vec<_> = answer.0["data"]["contactCreate"]["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| format!("{} {}", error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            "legalName ONLY_COMPANY",
            "lastName REQUIRED",
            "emails.1.value EMAIL_INVALID",
            "emails.2.value EMAIL_TWICE",
            "phones.0.value PHONE_INVALID",
            "addresses.0 ADDRESS_EMPTY",
            "addresses.1.country COUNTRY_UNKNOWN",
            "website URL_INVALID",
            "language LANGUAGE_INVALID",
            "taxId TAX_ID_INVALID"
        ]
    );
    // It is 2 March; where the day begins first, it is the third soon.
    for (day, codes) in [("2026-03-04", vec!["DATE_OUT_OF_RANGE"]), ("2026-03-02", vec![])] {
        let born = json!({ "kind": "PERSON", "lastName": "Young", "birthday": day });
        assert_eq!(admin.try_create("contact", born).await.refusals(), codes, "{day}");
    }
    let ahead = crate::files::import(&admin, "lastName,birthday\nYounger,2030-01-01\n").await;
    assert_eq!(ahead, ([0, 0, 0], vec!["2 birthday DATE_OUT_OF_RANGE".to_owned()]));
    let company = json!({ "kind": "COMPANY", "firstName": "X" });
    assert_eq!(admin.try_create("contact", company).await.refusals(), ["ONLY_PERSON", "REQUIRED"]);
}

#[tokio::test]
async fn an_address_of_mail_is_kept_as_verified_or_bounced_as_long_as_it_stays() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let ada = person(
        &admin,
        "Ada",
        "L",
        json!({ "emails": [{ "value": "a@x.example", "isVerified": true, "isBounced": true }] }),
    )
    .await;
    update(&admin, &ada, json!({ "emails": [{ "value": "b@x.example" }, { "value": "A@x.example" }] }))
        .await
        .ok();
    let told = ask(&admin, &ada, "emails { value isVerified isBounced }").await;
    assert_eq!(
        told["emails"],
        json!([{ "value": "b@x.example", "isVerified": false, "isBounced": false },
        { "value": "a@x.example", "isVerified": true, "isBounced": true }])
    );
}

/// CON-1: warned of on create, blocked on the same tax id.
#[tokio::test]
async fn somebody_who_is_there_is_found_while_typing_and_the_same_tax_id_is_refused() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let mill = company(
        &admin,
        "Alpine Mill GmbH",
        json!({ "taxId": "ATU12345678", "emails": [{ "value": "office@mill.example" }],
        "phones": [{ "value": "+43 316 555 0100" }], "addresses": [{ "city": "Graz" }] }),
    )
    .await;
    company(&admin, "Harbour Bakery", json!({})).await;
    let look = |input: Value| {
        let admin = admin.clone();
        async move {
            let query = "query($input: ContactDuplicateInput!) { contactDuplicates(input: $input) { contact { id } reasons score } }";
            admin.run_with(query, json!({ "input": input })).await.ok()["contactDuplicates"].clone()
        }
    };
    for (input, reasons) in [
        (json!({ "emails": [" OFFICE@mill.example", "not yet"] }), json!(["EMAIL"])),
        (json!({ "phones": ["0316 / 5550100"], "country": "AT" }), json!(["PHONE"])),
        (json!({ "taxId": "atu 1234 5678" }), json!(["TAX_ID"])),
        (json!({ "name": "alpine mil", "city": "Graz" }), json!(["NAME"])),
        (
            json!({ "name": "Alpine Mill AG", "city": "graz", "emails": ["office@mill.example"] }),
            json!(["EMAIL", "NAME"]),
        ),
    ] {
        let found = look(input.clone()).await;
        assert_eq!((&found[0]["contact"]["id"], &found[0]["reasons"]), (&json!(mill), &reasons), "{input}");
        assert_eq!(found.as_array().unwrap().len(), 1, "{input}");
    }
    for input in
        [json!({}), json!({ "name": "Quite another one" }), json!({ "emails": ["o@"], "taxId": "?" })]
    {
        assert_eq!(look(input.clone()).await, json!([]), "{input}");
    }
    assert_eq!(
        try_company(&admin, "Mill", json!({ "taxId": "ATU-12345678" })).await.refusals(),
        ["TAX_ID_TAKEN"]
    );
    // A new one says itself what it may be the same as.
    let twin =
        company(&admin, "Alpine Mill", json!({ "emails": [{ "value": "office@mill.example" }] })).await;
    let told = ask(&admin, &twin, "duplicates { contact { id } reasons score }").await;
    assert_eq!(
        told["duplicates"][0],
        json!({ "contact": { "id": mill }, "reasons": ["EMAIL", "NAME"], "score": 100 })
    );
    // The report looks at all, some at a time.
    let (mut pairs, mut after, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let query = "query($after: String) { contactDuplicatePairs(first: 1, after: $after) {
            pairs { contact { id } duplicate { contact { id } } } lookedAt endCursor hasNextPage } }";
        let page =
            admin.run_with(query, json!({ "after": after })).await.ok()["contactDuplicatePairs"].clone();
        pairs.extend(page["pairs"].as_array().unwrap().clone());
        (after, pages) = (page["endCursor"].clone(), pages + 1);
        if page["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(
        (pairs, pages),
        (vec![json!({ "contact": { "id": mill }, "duplicate": { "contact": { "id": twin } } })], 3)
    );
}

#[tokio::test]
async fn of_many_who_make_a_company_at_once_one_has_the_tax_id() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let tries = (0..16).map(|n| {
        let admin = admin.clone();
        async move { try_company(&admin, &format!("Mill {n}"), json!({ "taxId": "ATU12345678" })).await }
    });
    let done = futures::future::join_all(tries).await;
    let made = done.iter().filter(|answer| answer.refusals().is_empty()).count();
    assert_eq!(made, 1);
    assert!(done.iter().all(|answer| answer.refusals().is_empty() || answer.refusals() == ["TAX_ID_TAKEN"]));
}

/// CON-3.
#[tokio::test]
async fn no_company_belongs_to_itself_through_others_not_even_when_two_move_at_once() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let top = company(&admin, "Top", json!({})).await;
    let middle = company(&admin, "Middle", json!({ "parentCompanyId": top })).await;
    let low = company(&admin, "Low", json!({ "parentCompanyId": middle })).await;
    let ada = person(&admin, "Ada", "L", json!({ "parentCompanyId": low })).await;
    let belong = |id: &str, to: &str| {
        let (admin, id, to) = (admin.clone(), id.to_owned(), to.to_owned());
        async move { update(&admin, &id, json!({ "parentCompanyId": to })).await }
    };
    assert_eq!(belong(&top, &low).await.refusals(), ["COMPANY_CYCLE"]);
    assert_eq!(belong(&top, &top).await.refusals(), ["OWN_PARENT"]);
    assert_eq!(belong(&top, &ada).await.refusals(), ["CONTACT_NOT_FOUND"]);
    for _ in 0..8 {
        let (one, other) =
            (company(&admin, "One", json!({})).await, company(&admin, "Other", json!({})).await);
        let (first, second) = tokio::join!(belong(&one, &other), belong(&other, &one));
        let refused: Vec<_> = [&first, &second].iter().flat_map(|answer| answer.refusals()).collect();
        assert_eq!(refused, ["COMPANY_CYCLE"]);
    }
}

/// CON-7.
#[tokio::test]
async fn nothing_is_kept_of_where_a_vendor_is_paid() {
    let (app, _) = office().await;
    let columns: Vec<String> = sqlx::query_scalar("select table_name || '.' || column_name from information_schema.columns where table_schema = 'contact'")
        .fetch_all(&sqlx::PgPool::connect(&app.admin_url).await.unwrap())
        .await
        .unwrap();
    let sdl = (contact::subgraph().sdl)();
    for word in ["iban", "bic", "bank", "swift", "account", "routing", "card_number", "cardnumber"] {
        assert!(!columns.iter().any(|column| column.contains(word)), "a column of {word}");
        let is_field = |line: &str| {
            let name = line.trim().split([':', '(']).next().unwrap_or_default().to_lowercase();
            !line.trim().starts_with(['"', '#'])
                && name.split_whitespace().count() == 1
                && name.contains(word)
        };
        let fields: Vec<_> = sdl.lines().filter(|line| is_field(line)).collect();
        assert!(fields.is_empty(), "{word}: {fields:?}");
    }
}

#[tokio::test]
async fn relations_are_seen_from_either_end_and_taken_away() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let (ada, bob) =
        (person(&admin, "Ada", "L", json!({})).await, person(&admin, "Bob", "M", json!({})).await);
    let add = "mutation($input: ContactRelationAddInput!) { contactRelationAdd(input: $input) { contactRelation { id } userErrors { code } } }";
    let input =
        json!({ "fromContactId": ada, "toContactId": bob, "kind": "REFERRED_BY", "firstDay": "2026-02-01" });
    let added = admin.run_with(add, json!({ "input": input })).await.ok();
    let relation = text(&added["contactRelationAdd"]["contactRelation"]["id"]);
    for (id, other) in [(&ada, "from { name } to { name }"), (&bob, "from { name } to { name }")] {
        let told = ask(&admin, id, &format!("relations {{ kind {other} }}")).await;
        assert_eq!(
            told["relations"],
            json!([{ "kind": "REFERRED_BY", "from": { "name": "Ada L" }, "to": { "name": "Bob M" } }])
        );
    }
    let input = json!({ "fromContactId": ada, "toContactId": ada, "kind": "SPOUSE" });
    assert_eq!(admin.run_with(add, json!({ "input": input })).await.refusals(), ["RELATION_TO_SELF"]);
    let change = "mutation($id: ID!, $input: ContactRelationUpdateInput!) { contactRelationUpdate(id: $id, input: $input) { userErrors { code } } }";
    let wrong = json!({ "id": relation, "input": { "version": 1, "lastDay": "2026-01-01" } });
    assert_eq!(admin.run_with(change, wrong).await.refusals(), ["DATE_OUT_OF_RANGE"]);
    let remove =
        "mutation($id: ID!) { contactRelationRemove(id: $id) { contact { id } userErrors { code } } }";
    admin.run_with(remove, json!({ "id": relation })).await.ok();
    assert_eq!(ask(&admin, &ada, "relations { id }").await["relations"], json!([]));
}

#[tokio::test]
async fn what_is_done_to_contacts_is_announced_without_a_name() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let ada = person(
        &client,
        "Ada",
        "Secret",
        json!({ "emails": [{ "value": "ada@secret.example" }], "roles": ["CUSTOMER"] }),
    )
    .await;
    update(&client, &ada, json!({ "status": "BLOCKED" })).await.ok();
    // What is as it was is not announced again.
    update(&client, &ada, json!({ "status": "BLOCKED" })).await.ok();
    client.act("contact", "Archive", &ada).await.ok();
    app.settle().await;
    let announced = app.announced().await;
    let kinds: Vec<_> = announced.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["contact.contact.created", "contact.contact.updated", "contact.contact.updated"]);
    assert_eq!(announced[1].1["status"], "BLOCKED");
    assert_eq!(announced[2].1["isArchived"], true);
    assert!(!format!("{announced:?}").to_lowercase().contains("secret"));
}
