//! Old and new programs run side by side while a version is rolled out, on the newer database. So a migration only adds;
//! what takes away is a migration of its own, of a later version, and says so: `-- contracts: WHY NOBODY MISSES IT`.

use std::path::{Path, PathBuf};

/// The last migrations from before this law, by folder.
const BEFORE: [(&str, &str); 7] = [
    ("shared/database", "0015"),
    ("subgraphs/auth", "0006"),
    ("subgraphs/employee", "0008"),
    ("subgraphs/leave", "0007"),
    ("subgraphs/notification", "0003"),
    ("subgraphs/tenant", "0010"),
    ("subgraphs/user", "0008"),
];

/// The line that marks a migration which takes away what no running version uses any more.
const MARK: &str = "-- contracts: ";

/// What an older program cannot live with in a migration, as it says it: a statement each.
fn contractions(sql: &str) -> Vec<String> {
    let without_comments: String =
        sql.lines().map(|line| line.split("--").next().unwrap_or_default().to_lowercase() + "\n").collect();
    // Bodies of functions are between pairs of dollars: what stands there runs later, or in a block of its own.
    let outside: String = without_comments.split("$$").step_by(2).collect::<Vec<_>>().join("''");
    let statements = outside.split(';').map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    statements.filter(|statement| is_contraction(statement)).collect()
}

fn is_contraction(statement: &str) -> bool {
    // A table that the same migration makes is nobody's yet; a new function of the same name takes the old one's place.
    let drops = ["table", "schema", "view", "function", "type", "domain", "sequence", "materialized view"];
    if drops.iter().any(|what| statement.starts_with(&format!("drop {what} "))) {
        return true;
    }
    let alters = statement.starts_with("alter ");
    let takes = |words: &str| alters && statement.contains(words);
    let is_required = statement.split(" add column ").skip(1).any(|column| {
        let column = column.split(", add ").next().unwrap_or_default();
        column.contains("not null") && !column.contains(" default ") && !column.contains(" generated ")
    });
    takes(" drop column ")
        || takes(" rename ")
        || takes(" set not null")
        || takes(" type ")
        || takes(" set data type ")
        || takes(" drop default")
        || (alters && is_required)
}

fn migrations() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let files =
        |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let folders = ["shared", "subgraphs"].into_iter().flat_map(|part| files(root.join(part)));
    folders.flat_map(|folder| files(folder.join("migrations"))).collect()
}

#[test]
fn an_older_program_can_live_with_every_new_migration() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for path in migrations() {
        let shown = path.display().to_string();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        seen += 1;
        let is_old =
            BEFORE.iter().any(|(folder, last)| shown.contains(&format!("/{folder}/")) && &name[..4] <= *last);
        let sql = std::fs::read_to_string(&path).unwrap();
        if is_old || sql.lines().any(|line| line.strip_prefix(MARK).is_some_and(|why| why.len() > 10)) {
            continue;
        }
        wrong.extend(contractions(&sql).into_iter().map(|statement| format!("{shown}: {statement}")));
    }
    assert!(seen > 40, "only {seen} migrations were found");
    assert!(
        wrong.is_empty(),
        "the version before cannot live with these; see \"Expand, then contract\" in ARCHITECTURE.md: {wrong:#?}"
    );
}

#[test]
fn what_takes_away_is_told_from_what_adds() {
    let takes = [
        "alter table a.b drop column c",
        "ALTER TABLE a.b\n  RENAME COLUMN c TO d",
        "alter table a.b alter column c set not null",
        "alter table a.b alter column c type bigint",
        "alter table a.b add column c text not null",
        "alter table a.b add column c text default '', add column d text not null",
        "drop table a.b",
        "drop function a.b(text)",
    ];
    for sql in takes {
        assert_eq!(contractions(sql).len(), 1, "{sql}");
    }
    let adds = [
        "alter table a.b add column c text not null default ''",
        "alter table a.b add column c text",
        "alter table a.b add column c text not null generated always as ('x') stored",
        "create table a.b (id uuid not null)",
        "alter table a.b drop constraint c, add constraint c check (d > 0)",
        "create or replace function a.b() returns void language plpgsql as $$ begin drop table t; end $$",
        "-- drop table a.b\ndrop index a.c",
        "create type a.kind as enum ('x')",
    ];
    for sql in adds {
        assert_eq!(contractions(sql), Vec::<String>::new(), "{sql}");
    }
}
