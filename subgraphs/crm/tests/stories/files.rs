//! Leads from files.

use crate::*;

const IMPORT: &str = "mutation($input: LeadImportInput!) { leadImport(input: $input) {
    report { created updated unchanged failed rows { line userErrors { field code } } } userErrors { field code } } }";

async fn import(client: &Client<'_>, csv: &str, more: Value) -> Value {
    let input = with(json!({ "csv": csv }), more);
    client.run_with(IMPORT, json!({ "input": input })).await.ok()["leadImport"]["report"].clone()
}

#[tokio::test]
async fn a_file_makes_leads_tells_each_wrong_row_with_line_and_column_and_changes_nothing_twice() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    client.create("leadSource", json!({ "name": "Fair", "points": 5 })).await;
    let csv = "firstName,lastName,companyName,email,phone,country,source,estimatedValue,tags\n\
        Ada,Lovelace,Lovelace Ltd,ada@lovelace.example,+43 664 1234567,AT,fair,2500 EUR,\"big, urgent\"\n\
        Bert,,,bert@x.example,,,,,\n\
        Carl,Gauss,,carl,0664,XYZ,Nowhere,many,\n\
        Ada,Again,,ADA@lovelace.example,,,,,\n";
    let preview = import(&client, csv, json!({ "dryRun": true })).await;
    assert_eq!((&preview["created"], &preview["failed"]), (&json!(1), &json!(3)));
    assert_eq!(scalar(&app, "select count(*) from crm.lead").await, 0);
    let report = import(&client, csv, json!({})).await;
    assert_eq!(report, preview);
    let codes = |at: usize| -> Vec<String> {
        let row = &report["rows"][at];
        row["userErrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                format!("{} {} {}", row["line"], error["field"].as_str().unwrap_or("-"), text(&error["code"]))
            })
            .collect()
    };
    assert_eq!(codes(0), ["3 lastName REQUIRED"]);
    assert_eq!(codes(1), ["4 source LEAD_SOURCE_NOT_FOUND", "4 estimatedValue MONEY_INVALID"]);
    assert_eq!(codes(2), ["5 - ROW_TWICE"]);
    let found = client
        .run("{ leads { nodes { number name score tags estimatedValue { amount } source { name } } } }")
        .await
        .ok();
    let expected = json!([{ "number": "L-00001", "name": "Ada Lovelace", "score": 65, "tags": ["big", "urgent"],
        "estimatedValue": { "amount": "2500.00" }, "source": { "name": "Fair" } }]);
    assert_eq!(found["leads"]["nodes"], expected);
    let same = csv.lines().take(2).collect::<Vec<_>>().join("\n");
    assert_eq!(import(&client, &same, json!({})).await["unchanged"], 1);
    let other = "number,city\nL-00001,Graz\nL-00009,Wien\n";
    let report = import(&client, other, json!({})).await;
    assert_eq!(
        (&report["updated"], &report["rows"][0]["userErrors"][0]["code"]),
        (&json!(1), &json!("LEAD_NOT_FOUND"))
    );
    let refused = client.run_with(IMPORT, json!({ "input": { "csv": "lastName,wrong\nX,Y\n" } })).await;
    assert_eq!(refused.refusals(), ["COLUMN_UNKNOWN"]);
}

#[tokio::test]
async fn a_file_of_leads_that_was_taken_away_changes_nothing_when_it_comes_back() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let source = client.create("leadSource", json!({ "name": "Fair", "points": 5 })).await;
    let csv = "lastName,email,source,estimatedValue,tags,notes\n\
        Lovelace,ada@lovelace.example,Fair,2500 EUR,\"big, urgent\",=1+1\n\
        Gauss,carl@gauss.example,,,,\n";
    assert_eq!(import(&client, csv, json!({})).await["created"], 2);
    client.act("leadSource", "Archive", &source).await.ok();
    let export = "{ leadsExport(sort: NAME, first: 10) { csv hasNextPage } }";
    let file = client.run(export).await.ok()["leadsExport"].clone();
    let text = file["csv"].as_str().unwrap();
    assert!(text.contains("Fair") && text.contains("2500 EUR") && text.contains("'=1+1"), "{text}");
    assert_eq!(import(&client, text, json!({})).await["unchanged"], 2, "{text}");
    let other = text.replace("Gauss,", "Gauß,").replace(",Fair,", ",,");
    assert_eq!(import(&client, &other, json!({})).await["updated"], 2, "{other}");
    let again = import(&client, text, json!({})).await;
    assert_eq!(again["rows"][0]["userErrors"][0]["code"], "LEAD_SOURCE_NOT_FOUND", "it is in use no more");
    // Whoever sells sees leads, and takes no files of them away.
    let seller = admin.colleague(&[Role::Sales]);
    app.join(&seller).await;
    assert_eq!(app.as_(&seller).run(export).await.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn numbers_have_a_decimal_comma_in_files_of_programs_that_write_one_and_in_no_others() {
    let (app, admin) = office().await;
    let client = app.as_(&admin);
    let csv = "lastName;estimatedValue;notes\n\
        Lovelace;1.234,56 EUR;12,50\n\
        Byron;12,5 EUR;\n\
        Gauss;99.5 EUR;\n\
        Euler;1,234.56 EUR;\n";
    let report = import(&client, csv, json!({})).await;
    assert_eq!((&report["created"], &report["failed"]), (&json!(3), &json!(1)));
    assert_eq!(report["rows"][0]["userErrors"][0]["code"], "MONEY_INVALID", "it could be read in two ways");
    let found =
        client.run("{ leads(sort: NAME) { nodes { lastName notes estimatedValue { amount } } } }").await;
    let expected = json!([
        { "lastName": "Byron", "notes": null, "estimatedValue": { "amount": "12.50" } },
        { "lastName": "Gauss", "notes": null, "estimatedValue": { "amount": "99.50" } },
        { "lastName": "Lovelace", "notes": "12,50", "estimatedValue": { "amount": "1234.56" } },
    ]);
    assert_eq!(found.ok()["leads"]["nodes"], expected);
    let with_commas = "lastName,estimatedValue\nHilbert,\"1.234,56 EUR\"\nNoether,\"12,5 EUR\"\n";
    assert_eq!(import(&client, with_commas, json!({})).await["failed"], 2);
}
