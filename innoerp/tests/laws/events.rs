//! Events are a contract: what is announced fits its published schema, and names say what they are.

use innoerp::modules;

/// Verbs in the past that do not end in d.
const IRREGULAR: [&str; 6] = ["overdrawn", "run_low", "won", "lost", "sent", "fallen_due"];

#[test]
fn events_are_named_module_noun_verb_in_the_past() {
    for module in modules::all() {
        for event in &module.events {
            let parts: Vec<_> = event.name.split('.').collect();
            assert_eq!(parts.len(), 3, "{}", event.name);
            assert!(super::is_of(module.id, event.name), "{}", event.name);
            let is_past = parts[2].ends_with('d') || IRREGULAR.contains(&parts[2]);
            assert!(is_past, "{} is no fact", event.name);
            assert!(
                event.name.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '_'),
                "{}",
                event.name
            );
        }
    }
}

#[test]
fn every_consumer_reacts_to_events_that_somebody_announces() {
    let modules = modules::all();
    let announced: Vec<_> =
        modules.iter().flat_map(|module| &module.events).map(|event| event.name).collect();
    for consumer in modules.iter().flat_map(|module| module.consumers) {
        for kind in consumer.types {
            assert!(announced.contains(kind), "{} waits for {kind}, which nobody announces", consumer.name);
        }
    }
}

#[test]
fn an_event_carries_no_personal_data() {
    const PERSONAL: [&str; 8] = ["name", "email", "mail", "phone", "salary", "birth", "address", "token"];
    for module in modules::all() {
        for event in &module.events {
            let fields = event.schema["properties"].as_object().cloned().unwrap_or_default();
            for field in fields.keys() {
                let lower = field.to_lowercase();
                assert!(!PERSONAL.iter().any(|word| lower.contains(word)), "{}.{field}", event.name);
            }
        }
    }
}

#[test]
fn every_event_has_a_name_of_one_word_and_no_other_has_it() {
    let events: Vec<_> = modules::all().into_iter().flat_map(|module| module.events).collect();
    let names: std::collections::BTreeSet<_> =
        events.iter().map(|event| common::event_alias(event.name)).collect();
    assert_eq!(names.len(), events.len(), "{names:?}");
    for name in ["OrganizationCreated", "UserCreated", "ModuleEnabled", "EmployeeHired", "LeaveApproved"] {
        assert!(names.contains(name), "{name} is what the specification calls it: {names:?}");
    }
}
