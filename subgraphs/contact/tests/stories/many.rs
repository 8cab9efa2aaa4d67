//! Many contacts: taken in by thousands, archived by hundreds, and found among them.

use crate::files::import;
use crate::*;

#[tokio::test]
async fn ten_thousand_taken_in_twice_are_ten_thousand_and_a_thousand_changed_rows_change_a_thousand() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let rows: String = (0..10_000)
        .map(|n| format!("F{n},Many,p{n}@many.example,+43 664 {},Graz\n", 1_000_000 + n))
        .collect();
    let file = format!("firstName,lastName,emails,phones,city\n{rows}");
    assert_eq!(import(&admin, &file).await, ([10_000, 0, 0], vec![]));
    assert_eq!(import(&admin, &file).await, ([0, 0, 10_000], vec![]));
    assert_eq!(import(&admin, &file.replacen(",Graz", ",Linz", 1_000)).await, ([0, 1_000, 9_000], vec![]));
    let count = admin.run("{ contacts(first: 1) { totalCount } }").await.ok();
    assert_eq!(count["contacts"]["totalCount"], 10_000);
    // Nobody has analysed the table so far: what looks for one goes along the indexes all the same.
    alike(&admin, "F7 Many", "Graz").await;
    for index in ["contact_email_idx", "contact_phone_idx", "contact_match_keys_idx"] {
        until_scanned(&app, index).await;
    }
    // Each row has left its trail, though one statement wrote all of them.
    let query = "{ contacts(first: 1, filter: { search: \"f7\" }) { nodes { history(first: 5) { nodes { changes { field after } } } } } }";
    let told = admin.run(query).await.ok();
    let history = told["contacts"]["nodes"][0]["history"]["nodes"].as_array().unwrap().clone();
    assert_eq!(history.len(), 2, "{told}");
    assert!(history[1].to_string().contains("p7@many.example"), "{told}");
}

#[tokio::test]
async fn contacts_are_archived_and_restored_by_hundreds_and_what_is_refused_of_one_the_others_are_not() {
    let (app, owner) = office().await;
    let admin = app.as_(&owner);
    let mut ids = Vec::new();
    for name in ["Ada", "Bert", "Clara"] {
        ids.push(person(&admin, name, "Bulk", json!({})).await);
    }
    let set = async |verb: &str, ids: &[String]| {
        let document = format!(
            "mutation($ids: [ID!]!) {{ contact{verb}Bulk(ids: $ids) {{
                results {{ contact {{ archivedAt }} userErrors {{ code }} }} userErrors {{ code }} }} }}"
        );
        admin.run_with(&document, json!({ "ids": ids })).await
    };
    let stranger = Person::new(&[Role::Admin]);
    let foreign = person(&app.as_(&stranger), "Dora", "Foreign", json!({})).await;
    let some = [ids[0].clone(), foreign, ids[1].clone()];
    let done = set("Archive", &some).await.ok()["contactArchiveBulk"]["results"].clone();
    assert!(done[0]["contact"]["archivedAt"].is_string() && done[2]["contact"]["archivedAt"].is_string());
    assert_eq!(done[1], json!({ "contact": null, "userErrors": [{ "code": "NOT_FOUND" }] }));
    assert_eq!(names(&admin, "").await, ["Clara Bulk"]);
    // Whoever listens hears of each; of what was archived already nothing is new.
    set("Archive", &some).await.ok();
    app.settle().await;
    let updated = |(event, _): &&(String, Value)| event == "contact.contact.updated";
    assert_eq!(app.announced().await.iter().filter(updated).count(), 2);
    set("Restore", &ids).await.ok();
    assert_eq!(names(&admin, "").await, ["Ada Bulk", "Bert Bulk", "Clara Bulk"]);
    let many = vec![ids[0].clone(); 501];
    assert_eq!(set("Archive", &many).await.codes(), ["VALIDATION_FAILED"]);
    let rep = app.as_(&owner.colleague(&[Role::Accountant]));
    let document = "mutation($ids: [ID!]!) { contactArchiveBulk(ids: $ids) { userErrors { code } } }";
    assert_eq!(rep.run_with(document, json!({ "ids": ids })).await.codes(), ["FORBIDDEN"]);
}

/// Waits until an index was read; what a session has counted, others learn a second later.
async fn until_scanned(app: &App, index: &str) {
    let pool = sqlx::PgPool::connect(&app.admin_url).await.unwrap();
    for _ in 0..100 {
        let scans: i64 =
            sqlx::query_scalar("select idx_scan from pg_stat_user_indexes where indexrelname = $1")
                .bind(index)
                .fetch_one(&pool)
                .await
                .unwrap();
        if scans > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{index} is not read");
}

/// Whom the look for duplicates finds by a name and a city alone.
async fn alike(client: &Client<'_>, name: &str, city: &str) -> Vec<String> {
    let query =
        "query($input: ContactDuplicateInput!) { contactDuplicates(input: $input) { contact { name } } }";
    let found = client.run_with(query, json!({ "input": { "name": name, "city": city } })).await.ok();
    found["contactDuplicates"].as_array().unwrap().iter().map(|one| text(&one["contact"]["name"])).collect()
}

#[tokio::test]
async fn who_looks_alike_is_found_by_how_words_begin_or_end_in_whatever_order() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let at = |city: &str| json!({ "addresses": [{ "city": city }] });
    person(&admin, "Jürgen", "Müßiggang", at("Graz")).await;
    person(&admin, "Katharina", "Obermayer", at("Wien")).await;
    person(&admin, "Prince", "", json!({ "lastName": "Prinz" })).await;
    company(&admin, "Siemens Österreich AG", at("Wien")).await;
    company(&admin, "Bäckerei Huber & Söhne KG", json!({})).await;
    for (name, city, found) in [
        ("jurgen mussiggang", "Graz", "Jürgen Müßiggang"),
        ("Mussigang, Jurgen", "Graz", "Jürgen Müßiggang"),
        ("Katarina Obermayer", "Wien", "Katharina Obermayer"),
        ("Katharina Obermayr", "Wien", "Katharina Obermayer"),
        ("Obermayer Katharina", "", "Katharina Obermayer"),
        ("Siemens", "Wien", ""),
        ("Siemens Oesterreich", "Wien", "Siemens Österreich AG"),
        ("Baeckerei Huber Söhne", "", "Bäckerei Huber & Söhne KG"),
        ("Huber Bäckerei", "", "Bäckerei Huber & Söhne KG"),
        ("Katharina Huber", "Wien", ""),
        ("Xaver Anders", "Linz", ""),
    ] {
        let wanted: Vec<&str> = Some(found).filter(|found| !found.is_empty()).into_iter().collect();
        assert_eq!(alike(&admin, name, city).await, wanted, "{name}, {city}");
    }
}

#[tokio::test]
async fn among_thousands_pages_searches_and_look_alikes_go_along_their_indexes() {
    let (app, owner) = office().await;
    let sql = "insert into contact.contact (id, organization_id, number, kind, first_name, last_name, emails, addresses,
                   status, is_do_not_contact)
               select core.uuid_v7(), $1, 'X' || n, 'PERSON', 'First' || n % 200, 'Last' || n,
                   jsonb_build_array(jsonb_build_object('value', 'p' || n || '@x.example')), '[{\"city\": \"Wien\"}]',
                   'ACTIVE', false
               from generate_series(1, 20000) n";
    let pool = sqlx::PgPool::connect(&app.admin_url).await.unwrap();
    let id = owner.member().organization_id.0;
    sqlx::query(sql).bind(id).execute(&pool).await.unwrap();
    sqlx::query("vacuum analyze contact.contact").execute(&pool).await.unwrap();
    let keys = "contact.match_keys(organization_id, kind, contact.name_of(kind, first_name, last_name, legal_name, trade_name))";
    for (rest, index) in [
        ("order by sort_name, id limit 21".to_owned(), "contact_name_idx"),
        ("and search_text like '%last4711%'".to_owned(), "contact_search_idx"),
        ("and email_keys @> array['p7@x.example']".to_owned(), "contact_email_idx"),
        ("and match_text = 'first7 last7 wien'".to_owned(), "contact_match_text_idx"),
        (
            format!("and {keys} @> array[(contact.match_keys($1, null, 'first7 last7'))[3]] limit 300"),
            "contact_match_keys_idx",
        ),
    ] {
        let plan = format!("explain select id from contact.contact where organization_id = $1 {rest}");
        let plan: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(plan)).bind(id).fetch_all(&pool).await.unwrap();
        assert!(plan.iter().any(|line| line.contains(index)), "{rest}: {plan:#?}");
    }
    let admin = app.as_(&owner);
    assert_eq!(alike(&admin, "First7 Last7", "Wien").await[0], "First7 Last7");
    // What many have is not counted out by an index first, and is found all the same.
    let mut asking = pool.begin().await.unwrap();
    let set = "select set_config('app.organization_id', $1::text, true)";
    sqlx::query(set).bind(id).execute(&mut *asking).await.unwrap();
    for (word, found) in
        [("wien", None), ("last4711", Some(1)), ("wien last4711", Some(1)), ("graz", Some(0))]
    {
        let patterns: Vec<_> = word.split(' ').map(|word| format!("%{word}%")).collect();
        let ids = "select cardinality(ids) from core.search('contact.contact', $1, 1000)";
        let ids: Option<i32> = sqlx::query_scalar(ids).bind(patterns).fetch_one(&mut *asking).await.unwrap();
        assert_eq!(ids, found, "{word}");
        let page =
            format!("{{ contacts(first: 3, filter: {{ search: \"{word}\" }}) {{ nodes {{ name }} }} }}");
        let page = admin.run(&page).await.ok();
        let count = page["contacts"]["nodes"].as_array().unwrap().len();
        assert_eq!(count, found.map_or(3, |count| usize::try_from(count).unwrap()), "{word}");
    }
}
