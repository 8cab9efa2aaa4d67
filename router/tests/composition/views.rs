//! Views: what only absent subgraphs could answer is left out.

use router::{Composed, Scope};

use crate::{LINK, composed_as_is, refused, shown};

fn view(sdls: &[&str]) -> Composed {
    let sdls: Vec<_> = sdls.iter().map(|sdl| format!("{LINK}{sdl}")).collect();
    let sdls: Vec<_> = sdls.iter().map(String::as_str).collect();
    composed_as_is(&sdls, Scope::View).unwrap_or_else(|conflicts| panic!("{conflicts:#?}"))
}

const STUB: &str =
    "type Query { l: L } type L { e: E } extend type E @key(fields: \"id\") { id: ID! @external days: Int }";

#[test]
fn a_stub_without_its_owner_keeps_its_key_and_its_own_fields() {
    let api = view(&[STUB]).api_sdl;
    assert_eq!(shown(&api, "E"), "type E { id: ID! days: Int }");
    assert_eq!(refused(&[STUB]).0, ["EXTENSION_WITH_NO_BASE"]);
}

#[test]
fn a_field_whose_requirement_nobody_owns_is_left_out_with_what_it_alone_leads_to() {
    let sdl = "type Query { e: E } type E @key(fields: \"id\") {
        id: ID! pay: Int @external bonus: Bonus @requires(fields: \"pay\") } type Bonus { n: Int }";
    let api = view(&[sdl]).api_sdl;
    assert_eq!(shown(&api, "E"), "type E { id: ID! }");
    assert_eq!(shown(&api, "Bonus"), "");
    assert_eq!(refused(&[sdl]).0, ["EXTERNAL_MISSING_ON_BASE"]);
}

#[test]
fn a_field_that_no_key_leads_to_any_more_is_left_out() {
    let start = "type Query { t: T } type T @key(fields: \"id\") { id: ID! }";
    let end = "type T @key(fields: \"code\") { code: ID! z: Z } type Z { n: Int }";
    let api = view(&[start, end]).api_sdl;
    assert_eq!(shown(&api, "T"), "type T { id: ID! }");
    assert_eq!(shown(&api, "Z"), "");
}

#[test]
fn an_interface_loses_the_field_that_one_of_its_objects_lost() {
    let sdl = "type Query { i: I } interface I { a: Int b: Int }
        type T implements I @key(fields: \"id\") { id: ID! a: Int x: Int @external b: Int @requires(fields: \"x\") }";
    let api = view(&[sdl]).api_sdl;
    assert_eq!(shown(&api, "I"), "interface I { a: Int }");
}

#[test]
fn an_object_that_stands_for_an_absent_interface_stands_for_itself() {
    let sdl = "type Query { m: M } type M @interfaceObject @key(fields: \"id\") { id: ID! stars: Int }";
    let view = view(&[sdl]);
    assert_eq!(shown(&view.api_sdl, "M"), "type M { id: ID! stars: Int }");
    assert!(!view.supergraph_sdl.contains("isInterfaceObject: true"));
}

#[test]
fn types_that_lost_everything_leave_their_unions_and_fields() {
    let sdl = "type Query { u: U only: T } union U = T | S type S { a: Int }
        type T { x: Int @external y: Int @requires(fields: \"x\") }";
    let api = view(&[sdl]).api_sdl;
    assert_eq!(shown(&api, "U"), "union U = S");
    assert_eq!(shown(&api, "Query"), "type Query { u: U }");
    assert_eq!(shown(&api, "T"), "");
}

#[test]
fn contradictions_are_conflicts_in_a_view_as_well() {
    let sdls = [format!("{LINK}type Query {{ x: Int }}"), format!("{LINK}type Query {{ x: String }}")];
    let conflicts = composed_as_is(&[&sdls[0], &sdls[1]], Scope::View).err().unwrap();
    assert!(conflicts.iter().any(|conflict| conflict.code == "FIELD_TYPE_MISMATCH"), "{conflicts:?}");
}
