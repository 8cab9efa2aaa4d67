//! What nobody needs any more: uploads that came to nothing, and files that were detached.

use common::Result;
use database::Database;

use crate::Files;

/// How many files are forgotten in one go.
const COUNT_MAX: i32 = 1_000;

/// Forgets uploads that nobody attached within a day and files detached 30 days ago, of all organizations: first the
/// bytes, then what is known of them. For a job; whoever runs it at the same time finds nothing wrong.
///
/// # Errors
/// `DEPENDENCY_UNAVAILABLE` when the database or the store does not answer. What is left, the next run does.
pub async fn forget(database: &Database, files: &Files) -> Result<()> {
    if files.store().is_err() {
        return Ok(());
    }
    loop {
        let over = sqlx::query!(
            r#"select organization_id as "organization_id!", id as "id!" from common.files_to_forget($1, $2)"#,
            database.clock().now(),
            COUNT_MAX
        );
        let over = over.fetch_all(database.relay()?).await?;
        for file in &over {
            files.delete(file.organization_id, file.id).await?;
            sqlx::query!("select common.forget_file($1, $2)", file.organization_id, file.id)
                .execute(database.relay()?)
                .await?;
        }
        if over.is_empty() {
            return Ok(());
        }
    }
}
