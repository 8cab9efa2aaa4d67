//! Contacts from files and into files.

use testing::Statements;

use crate::*;

const IMPORT: &str = "mutation($input: ContactImportInput!) { contactImport(input: $input) {
    report { created updated unchanged failed ignoredColumns rows { line userErrors { field code } } } userErrors { field code message } } }";

pub async fn try_import(client: &Client<'_>, csv: &str, more: Value) -> Answer {
    client.run_with(IMPORT, json!({ "input": with(json!({ "csv": csv }), more) })).await
}

/// Takes a file in; answers how many rows were created, updated, unchanged, and what was wrong with each other one.
pub async fn import(client: &Client<'_>, csv: &str) -> ([i64; 3], Vec<String>) {
    let report = try_import(client, csv, json!({})).await.ok()["contactImport"]["report"].clone();
    told(&report)
}

pub fn told(report: &Value) -> ([i64; 3], Vec<String>) {
    let count = |name: &str| report[name].as_i64().unwrap();
    let rows = report["rows"].as_array().unwrap().iter().flat_map(|row| {
        row["userErrors"].as_array().unwrap().iter().map(|error| {
            format!("{} {} {}", row["line"], error["field"].as_str().unwrap_or("-"), text(&error["code"]))
        })
    });
    ([count("created"), count("updated"), count("unchanged")], rows.collect())
}

async fn export(client: &Client<'_>) -> String {
    text(&client.run("{ contactsExport { csv } }").await.ok()["contactsExport"]["csv"])
}

const FILE: &str = "kind;legalName;firstName;lastName;emails;phones;parentCompany;city;country;externalIds;roles;tags\n\
    COMPANY;Alpine Mill GmbH;;;office@mill.example;0316 555 0100 (desk);;Graz;Österreich;erp:1;CUSTOMER,VENDOR;a,b\n\
    PERSON;;Ada;Love;ada@mill.example (work), ada@home.example;+43 664 1234567;Alpine Mill GmbH;;;;;\n\
    PERSON;;Bob;Name;;;C-00001;Linz;AT;;LEAD;\n";

#[tokio::test]
async fn a_file_creates_and_changes_and_the_same_file_again_does_neither() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    assert_eq!(
        told(&try_import(&admin, FILE, json!({ "dryRun": true })).await.ok()["contactImport"]["report"]).0,
        [2, 0, 0]
    );
    assert!(names(&admin, "").await.is_empty());
    // A company by its number is not there before it has one.
    let (done, wrong) = import(&admin, FILE).await;
    assert_eq!((done, wrong), ([2, 0, 0], vec!["4 parentCompany CONTACT_NOT_FOUND".to_owned()]));
    assert_eq!(import(&admin, FILE).await, ([1, 0, 2], vec![]));
    assert_eq!(import(&admin, FILE).await, ([0, 0, 3], vec![]));
    assert_eq!(
        import(&admin, &FILE.replace("Love", "Lovelace").replace("LEAD", "PARTNER")).await,
        ([0, 2, 1], vec![])
    );
    let told = admin.run("{ contacts(filter: { search: \"lovelace\" }) { nodes { emails { value label isPrimary } phones { value } parentCompany { name phones { value label } } } } }").await.ok();
    assert_eq!(
        told["contacts"]["nodes"],
        json!([{ "emails": [{ "value": "ada@mill.example", "label": "work", "isPrimary": true },
        { "value": "ada@home.example", "label": null, "isPrimary": false }], "phones": [{ "value": "+436641234567" }],
        "parentCompany": { "name": "Alpine Mill GmbH", "phones": [{ "value": "+433165550100", "label": "desk" }] } }])
    );
    let created = try_import(&admin, FILE, json!({ "mode": "CREATE" })).await.ok();
    assert_eq!(created["contactImport"]["report"]["failed"], 3);
}

#[tokio::test]
async fn what_goes_out_comes_back_unchanged_is_no_formula_and_is_written_down() {
    let (app, owner) = office().await;
    let admin = app.as_(&owner);
    let mill = company(&admin, "=1+1 & Söhne", json!({ "tradeName": "Mill; \"The\"", "taxId": "ATU1", "website": "https://mill.example/",
        "annualRevenue": { "amount": "10.50", "currency": "EUR" }, "employeeBand": "SMALL", "roles": ["VENDOR"],
        "addresses": [{ "kind": "BILLING", "lines": ["A", "B"], "city": "Graz", "postalCode": "8010", "country": "AT" },
            { "kind": "SHIPPING", "city": "Linz" }] })).await;
    person(&admin, "Ada", "@Love", json!({ "parentCompanyId": mill, "birthday": "1990-12-10", "namePrefix": "Dr.",
        "emails": [{ "value": "a@x.example", "label": "work" }, { "value": "b@x.example", "isPrimary": true }],
        "phones": [{ "value": "+43 1 555 0100 ext. 7", "label": "desk" }], "notes": "two\nlines, \"quoted\"",
        "externalIds": [{ "system": "shop", "value": "1" }], "tags": ["+1"], "isDoNotContact": true, "language": "de-AT" })).await;
    let csv = export(&admin).await;
    assert!(csv.contains(",'=1+1 & Söhne,") && csv.contains(",'@Love,") && csv.contains("'+1\r\n"), "{csv}");
    let (done, wrong) = import(&admin, &csv).await;
    // The first choice stands first in a file, whatever its place was; else nothing is another.
    assert_eq!(wrong, Vec::<String>::new());
    assert!(done == [0, 1, 1] || done == [0, 0, 2], "{done:?}\n{csv}");
    let again = export(&admin).await;
    assert_eq!(again, csv);
    assert_eq!(import(&admin, &again).await, ([0, 0, 2], vec![]));
    let log = admin
        .run("{ contactExports(first: 10) { totalCount nodes { kind contactCount member { id } } } }")
        .await
        .ok();
    assert_eq!(log["contactExports"]["totalCount"], 2);
    assert_eq!(
        log["contactExports"]["nodes"][0],
        json!({ "kind": "CSV", "contactCount": 2,
        "member": { "id": owner.member().membership_id } })
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_row_is_told_at_its_line_and_column_and_the_others_are_done() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    for n in [1, 2] {
        person(&admin, &format!("P{n}"), "Shared", json!({ "emails": [{ "value": "office@x.example" }] }))
            .await;
    }
    company(&admin, "Taken", json!({ "taxId": "ATU1" })).await;
    let file = "kind,firstName,lastName,legalName,emails,phones,taxId,externalIds,country,birthday,roles\n\
        PERSON,,,,,,,,,,\n\
        PERSON,A,B,,none,,,,,,\n\
        PERSON,A,C,,,0664 123,,,,,\n\
        PERSON,A,D,,office@x.example,,,,,,\n\
        ROBOT,A,E,,,,,,,,\n\
        PERSON,A,F,,f@x.example,,,,,1990-13-01,\n\
        PERSON,A,G,,g@x.example,,,bad,,,\n\
        PERSON,A,H,,h@x.example,,,,Atlantis,,KING\n\
        PERSON,A,I,,i@x.example,,,,,,\n\
        PERSON,A,J,,I@x.example,,,,,,\n\
        COMPANY,,,New,,,ATU2,,,,\n";
    let (done, wrong) = import(&admin, file).await;
    assert_eq!(done, [2, 0, 0]);
    assert_eq!(
        wrong,
        [
            "2 lastName REQUIRED",
            "3 emails EMAIL_INVALID",
            "4 phones PHONE_INVALID",
            "5 emails EMAIL_AMBIGUOUS",
            "6 kind CHOICE_UNKNOWN",
            "7 birthday DATE_INVALID",
            "8 externalIds EXTERNAL_ID_INVALID",
            "9 roles CHOICE_UNKNOWN",
            "11 - ROW_TWICE",
        ]
    );
    let (done, wrong) = import(&admin, "legalName,taxId\nOther,ATU1\nOne,ATU 9\nTwo,atu9\n").await;
    assert_eq!(
        (done, wrong),
        ([1, 0, 0], vec!["2 taxId TAX_ID_TAKEN".to_owned(), "4 taxId TAX_ID_TAKEN".to_owned()])
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_whole() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let long = "x".repeat(1_000_001);
    for (file, code) in [
        ("", "CSV_EMPTY"),
        ("a,b\n1,\"2\n", "CSV_QUOTE_OPEN"),
        ("firstName\nJos\u{FFFD}\n", "CSV_NOT_UTF8"),
        (&long, "CSV_TOO_LARGE"),
        ("iban,firstName\nX,Y\n", "COLUMN_UNKNOWN"),
        ("firstName,firstName\nX,Y\n", "COLUMN_TWICE"),
    ] {
        assert_eq!(try_import(&admin, file, json!({})).await.refusals(), [code]);
    }
    assert!(names(&admin, "").await.is_empty());
}

const OUTLOOK: &str = "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,Business Street 2,\
    Business City,Business State,Business Postal Code,Business Country/Region,Home Street,Business Fax,Business Phone,Mobile Phone,\
    Birthday,E-mail Address,E-mail Type,E-mail 2 Address,Notes,Web Page\r\n\
    Dr.,Ada,King,Love,,Alpine Mill,Board,Miller,Main Street 1,Floor 2,Graz,,8010,Austria,,+43 316 999,+43 316 555 0100,\
    +43 664 1234567,0/0/00,ada@mill.example,SMTP,ada@home.example,Likes tea.,mill.example\r\n\
    ,,,,,Baker & Sons,,,,,Linz,,,Austria,,,,,0/0/00,,,,,\r\n";

const GOOGLE: &str = "First Name,Middle Name,Last Name,Phonetic First Name,Labels,Birthday,Organization Name,Organization Title,Notes,\
    E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Street,Address 1 - City,\
    Address 1 - Postal Code,Address 1 - Country,Website 1 - Value\n\
    Bob,,Name,,* myContacts,1990-12-10,Alpine Mill,Baker,,* Work,bob@mill.example ::: bob@home.example,b@x.example,Mobile,\
    +43 664 7654321,Side Street 2,Linz,4020,AT,https://bob.example\n";

#[tokio::test]
async fn files_are_taken_as_outlook_and_google_export_them_and_what_has_no_place_is_named_once() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let take = async |csv: &str| {
        let report = try_import(&admin, csv, json!({})).await.ok()["contactImport"]["report"].clone();
        (told(&report), report["ignoredColumns"].clone())
    };
    let left_out = json!(["Department", "Business Fax", "E-mail Type"]);
    assert_eq!(take(OUTLOOK).await, (([2, 0, 0], vec![]), left_out.clone()));
    assert_eq!(take(OUTLOOK).await, (([0, 0, 2], vec![]), left_out));
    let left_out = json!(["Labels", "E-mail 1 - Label", "Phone 1 - Label"]);
    assert_eq!(take(GOOGLE).await, (([1, 0, 0], vec![]), left_out.clone()));
    assert_eq!(take(GOOGLE).await, (([0, 0, 1], vec![]), left_out));
    let told = admin
        .run("{ contacts { nodes { name namePrefix jobTitle birthday notes website parentCompany { name } emails { value }
            phones { value label } addresses { lines city postalCode country } } } }")
        .await
        .ok();
    let company = |name: &str, addresses: Value| {
        json!({ "name": name, "namePrefix": null, "jobTitle": null, "birthday": null, "notes": null, "website": null,
            "parentCompany": null, "emails": [], "phones": [], "addresses": addresses })
    };
    assert_eq!(
        told["contacts"]["nodes"],
        json!([
            company("Alpine Mill", json!([])),
            company("Baker & Sons", json!([{ "lines": [], "city": "Linz", "postalCode": null, "country": "AT" }])),
            { "name": "Ada King Love", "namePrefix": "Dr.", "jobTitle": "Miller", "birthday": null, "notes": "Likes tea.",
                "website": "https://mill.example", "parentCompany": { "name": "Alpine Mill" },
                "emails": [{ "value": "ada@mill.example" }, { "value": "ada@home.example" }],
                "phones": [{ "value": "+433165550100", "label": "work" }, { "value": "+436641234567", "label": "mobile" }],
                "addresses": [{ "lines": ["Main Street 1", "Floor 2"], "city": "Graz", "postalCode": "8010", "country": "AT" }] },
            { "name": "Bob Name", "namePrefix": null, "jobTitle": "Baker", "birthday": "1990-12-10", "notes": null,
                "website": "https://bob.example", "parentCompany": { "name": "Alpine Mill" },
                "emails": [{ "value": "bob@mill.example" }, { "value": "bob@home.example" }, { "value": "b@x.example" }],
                "phones": [{ "value": "+436647654321", "label": null }],
                "addresses": [{ "lines": ["Side Street 2"], "city": "Linz", "postalCode": "4020", "country": "AT" }] },
        ])
    );
}

#[tokio::test]
async fn which_columns_there_are_is_told_once_however_many_are_unknown() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let answer = try_import(&admin, "iban,bic,firstName\nX,Y,Ada\n", json!({})).await;
    assert_eq!(answer.refusals(), ["COLUMN_UNKNOWN", "COLUMN_UNKNOWN"]);
    assert_eq!(answer.0.to_string().matches("legalName").count(), 1, "{:?}", answer.0);
}

#[tokio::test]
async fn two_who_take_in_the_same_file_at_once_make_each_contact_once_and_a_row_costs_no_statement_of_its_own()
 {
    let (app, owner) = office().await;
    let admin = app.as_(&owner);
    let rows = |count: usize| -> String {
        (0..count)
            .map(|n| format!("P{n},Many,p{n}@many.example,+43 664 {:07},many:{n}\n", 1_000_000 + n))
            .collect()
    };
    let file = format!("firstName,lastName,emails,phones,externalIds\n{}", rows(300));
    let (one, other) = tokio::join!(import(&admin, &file), import(&admin, &file));
    let mut done = [one, other];
    done.sort();
    assert_eq!(done, [([0, 0, 300], vec![]), ([300, 0, 0], vec![])]);
    let changed = file.replacen(",Many,", ",Changed,", 100);
    assert_eq!(import(&admin, &changed).await, ([0, 100, 200], vec![]));
    let statements = Statements::counted();
    import(&admin, "firstName,lastName,emails\nA,B,new1@x.example\n").await;
    let few = statements.take();
    let many_rows: String = (0..200).map(|n| format!("A{n},B,more{n}@x.example\n")).collect();
    import(&admin, &format!("firstName,lastName,emails\n{many_rows}")).await;
    let many = statements.take();
    assert!(many <= few + 2, "{few} for one row, {many} for 200");
}
