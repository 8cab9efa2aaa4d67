//! Segments, with how many are in them now.

use crate::*;

#[tokio::test]
async fn a_segment_has_whoever_fits_now_or_whoever_was_put_there() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let vip = admin.create("segment", json!({ "name": "VIP in Austria", "kind": "FILTER",
        "conditions": { "country": "at", "tag": "VIP", "mayReceive": { "channel": "EMAIL", "purpose": "newsletter" } } })).await;
    let fair = admin.create("segment", json!({ "name": "Fair", "kind": "STATIC" })).await;
    let ada = person(
        &admin,
        "Ada",
        "L",
        json!({ "tags": ["VIP"], "addresses": [{ "city": "Graz", "country": "AT" }] }),
    )
    .await;
    let bob = person(&admin, "Bob", "M", json!({ "tags": ["VIP"] })).await;
    let count = |id: &str| {
        let (admin, id) = (admin.clone(), id.to_owned());
        async move {
            let told = admin
                .run_with("query($id: ID!) { segment(id: $id) { count } }", json!({ "id": id }))
                .await
                .ok();
            (told["segment"]["count"].as_i64().unwrap(), names(&admin, &format!("segmentId: \"{id}\"")).await)
        }
    };
    assert_eq!(count(&vip).await, (0, vec![]));
    consent(&admin, &ada, true).await.ok();
    assert_eq!(count(&vip).await, (1, vec!["Ada L".to_owned()]));
    consent(&admin, &ada, false).await.ok();
    let put = |verb: &'static str, segment: &str, ids: Vec<String>| {
        let (admin, segment) = (admin.clone(), segment.to_owned());
        async move {
            let document = format!(
                "mutation($id: ID!, $ids: [ID!]!) {{ segment{verb}(id: $id, input: {{ contactIds: $ids }}) {{ segment {{ count }} userErrors {{ code }} }} }}"
            );
            admin.run_with(&document, json!({ "id": segment, "ids": ids })).await
        }
    };
    put("Add", &fair, vec![ada.clone(), bob.clone()]).await.ok();
    put("Add", &fair, vec![ada.clone()]).await.ok();
    assert_eq!(count(&fair).await, (2, vec!["Ada L".to_owned(), "Bob M".to_owned()]));
    // Two that become one are in it once.
    merge(&admin, &ada, &bob, json!({})).await.ok();
    assert_eq!(count(&fair).await, (1, vec!["Ada L".to_owned()]));
    put("Remove", &fair, vec![ada.clone()]).await.ok();
    assert_eq!(count(&fair).await, (0, vec![]));
    assert_eq!(put("Add", &vip, vec![ada]).await.refusals(), ["SEGMENT_BY_CONDITIONS"]);
    assert_eq!(
        put("Add", &fair, vec![uuid::Uuid::now_v7().to_string()]).await.refusals(),
        ["CONTACT_NOT_FOUND"]
    );
    let wrong = |conditions: Value| json!({ "name": "X", "kind": "FILTER", "conditions": conditions });
    for (conditions, code) in [
        (json!({}), "REQUIRED"),
        (json!({ "country": "Austria" }), "COUNTRY_UNKNOWN"),
        (json!({ "mayReceive": { "channel": "EMAIL", "purpose": "?" } }), "PURPOSE_INVALID"),
        (json!({ "ownerId": uuid::Uuid::now_v7() }), "MEMBER_NOT_FOUND"),
    ] {
        assert_eq!(admin.try_create("segment", wrong(conditions)).await.refusals(), [code]);
    }
    assert_eq!(
        admin.try_create("segment", json!({ "name": "Fair", "kind": "STATIC" })).await.refusals(),
        ["NAME_TAKEN"]
    );
}
