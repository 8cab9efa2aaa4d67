//! The SQL that `make bench` measures the services against: what a migration changes, it must follow.

use innoerp::modules;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

const SCRIPTS: [(&str, &str); 3] = [
    ("me", include_str!("../../../bench/sql/me.sql")),
    ("page", include_str!("../../../bench/sql/page.sql")),
    ("submit", include_str!("../../../bench/sql/submit.sql")),
];

/// The statements of a script of pgbench, each with null in the place of every variable.
fn statements(script: &str) -> Vec<String> {
    let lines = script.lines().filter(|line| !line.starts_with('\\') && !line.starts_with("--"));
    let text: String = lines.map(|line| format!("{}\n", line.replace("\\gset", ";"))).collect();
    text.split(';').map(without_variables).filter(|statement| !statement.trim().is_empty()).collect()
}

/// A variable is a name after a single colon; two are a cast, and one before a space belongs to JSON.
fn without_variables(statement: &str) -> String {
    let mut out = String::new();
    let mut rest = statement;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let colons = after.len() - after.trim_start_matches(':').len();
        let name = after[colons..]
            .find(|c: char| !c.is_ascii_lowercase() && c != '_')
            .unwrap_or(after.len() - colons);
        let is_variable = colons == 1 && name > 0;
        out.push_str(if is_variable { "null" } else { &after[..colons] });
        rest = &after[if is_variable { colons + name } else { colons }..];
    }
    out + rest
}

#[tokio::test]
async fn what_the_bench_asks_of_the_database_a_module_may_ask() {
    let url = testing::fresh_database(&modules::all()).await;
    let mut conn = PgConnection::connect(&url).await.unwrap();
    for (name, script) in SCRIPTS {
        let mut asked = 0;
        for statement in statements(script) {
            let statement = statement.trim();
            let begins = |word: &str| statement.starts_with(word);
            let is_control = ["begin", "rollback", "commit", "set local"].into_iter().any(begins);
            // To explain a statement is to be asked for the right to it, and to do nothing.
            let sql = if is_control { statement.to_owned() } else { format!("explain {statement}") };
            asked += u32::from(!is_control);
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut conn)
                .await
                .unwrap_or_else(|e| panic!("{name}: {statement}: {e}"));
        }
        assert!(asked >= 4, "{name} was read as {asked} statements");
    }
}
