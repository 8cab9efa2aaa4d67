//! Departments: a tree, each with somebody at its head.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use common::{Form, PEOPLE_OFFICE, Page, Permission, Refusal, Result, STAFF, Slice};
use database::{Ctx, OnConstraint as _, Record, Tx, page};
use graphql::{inputs, mutations, queries, sorts};

use crate::ids::{DepartmentId, EmployeeId};
use crate::structure;

/// A part of the organization.
#[derive(Clone, Debug, SimpleObject, Record)]
#[graphql(complex)]
#[record("department", table = "employee.department", read = READ)]
pub struct Department {
    /// The id of the department; opaque to clients.
    pub id: DepartmentId,
    /// The name that people know it by.
    pub name: String,
    /// The short code that reports name it by.
    pub code: String,
    /// Counts the changes; an update names the version that it was made from.
    pub version: i32,
    /// When it was archived; null while it is in use.
    pub archived_at: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub(crate) parent_id: Option<DepartmentId>,
    #[graphql(skip)]
    pub(crate) head_id: Option<EmployeeId>,
}

pub(crate) const READ: Permission =
    Permission::new("employee.department.read", "See the departments.", STAFF);
pub(crate) const MANAGE: Permission =
    Permission::new("employee.department.manage", "Create, change and archive departments.", PEOPLE_OFFICE);

// Use-cases.

/// Creates a department.
pub async fn create(ctx: &Ctx, input: DepartmentCreateInput) -> Result<Department> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut department = Department::blank(tx.now());
    fill_in(&mut tx, &mut department, input.into()).await?;
    tx.save(&mut department).await.on_constraint("department_code_key", CODE_TAKEN)?;
    tx.commit(department).await
}

/// Changes a department, or moves it in the tree.
pub async fn update(ctx: &Ctx, id: DepartmentId, input: DepartmentUpdateInput) -> Result<Department> {
    let mut tx = ctx.begin(&MANAGE).await?;
    // Until it is given back, what is checked of others still holds.
    structure::lock(&mut tx).await?;
    let mut department: Department = tx.lock_at(id, input.version).await?;
    fill_in(&mut tx, &mut department, input).await?;
    tx.save(&mut department).await.on_constraint("department_code_key", CODE_TAKEN)?;
    tx.commit(department).await
}

/// The departments that the filter lets through.
pub async fn list(
    ctx: &Ctx,
    filter: DepartmentFilter,
    sort: DepartmentSort,
    page: Page,
) -> Result<Slice<Department>> {
    let mut tx = ctx.read_list(&READ).await?;
    let search = tx.search::<Department>(filter.search.as_deref()).await?;
    Ok(page!(
        tx, Department, page, sort: DepartmentSort { Name => "name", Code => "code" },
        "(archived_at is not null) = $3 and ($4::uuid[] is null or id = any($4))
         and ($5::text[] is null or search_text like all($5)) and ($6::uuid is null or parent_id = $6)",
        [filter.is_archived, search.ids.as_deref(), search.patterns.as_deref(), filter.parent_id as Option<DepartmentId>],
    ))
}

/// Gives the departments that somebody heads to somebody else, or to nobody.
pub(crate) async fn hand_over(tx: &mut Tx, from: EmployeeId, to: Option<EmployeeId>) -> Result<()> {
    let mut headed = select_department!("where head_id = $1 order by id for update", from as EmployeeId)
        .fetch_all(tx.conn())
        .await?;
    for department in &mut headed {
        department.head_id = to;
    }
    tx.save_all(&mut headed).await.map(|_| ())
}

// Rules.

const CODE_TAKEN: Refusal = Refusal::of("code", "CODE_TAKEN", "another department has this code");
const CYCLE: Refusal = Refusal::of(
    "parentId",
    "DEPARTMENT_CYCLE",
    "a department cannot be part of itself or of one of its own parts",
);
const HEAD_NOT_FOUND: Refusal =
    Refusal::of("headId", "EMPLOYEE_NOT_FOUND", "there is no such active employee to head it");

async fn fill_in(tx: &mut Tx, department: &mut Department, input: DepartmentUpdateInput) -> Result<()> {
    let before = department.clone();
    let mut form = Form::default();
    form.name("name", input.name, &mut department.name);
    form.code("code", input.code, &mut department.code);
    form.optional(input.parent_id, &mut department.parent_id);
    form.optional(input.head_id, &mut department.head_id);
    form.check()?;
    tx.check_reference::<Department>("parentId", before.parent_id, department.parent_id).await?;
    if let Some(parent_id) = department.parent_id {
        check_parent(department.id, &select_line(tx, parent_id).await?)?;
    }
    if let Some(head_id) = department.head_id.filter(|_| department.head_id != before.head_id) {
        let now = tx.now();
        let head = people::select_many(tx, &[head_id]).await?.pop();
        head.filter(|head| !head.has_left(now)).ok_or(HEAD_NOT_FOUND)?;
    }
    Ok(())
}

/// Whether a department may be put under the first of `line`, a department and all that it is part of.
fn check_parent(id: DepartmentId, line: &[DepartmentId]) -> Result<(), Refusal> {
    if line.contains(&id) { Err(CYCLE) } else { Ok(()) }
}

// SQL.

/// A department and all that it is part of; empty when there is none of that id.
async fn select_line(tx: &mut Tx, id: DepartmentId) -> Result<Vec<DepartmentId>> {
    Ok(sqlx::query_scalar!(
        r#"with recursive line as (
               select id, parent_id from employee.department where id = $1
               union
               select above.id, above.parent_id from employee.department above join line on above.id = line.parent_id
           )
           select id as "id!: DepartmentId" from line"#,
        id as DepartmentId,
    )
    .fetch_all(tx.conn())
    .await?)
}

// GraphQL.

inputs! {
    /// The fields of a new department.
    DepartmentCreateInput,
    /// The fields of a department to change; those that are absent stay as they are.
    DepartmentUpdateInput {
        /// The name that people know it by: 1 to 100 characters.
        required name: String,
        /// The short code that reports name it by, unique among those in use: 1 to 20 of A to Z, 0 to 9, _ and -.
        required code: String,
        /// The id of the department that it is part of; null for the top.
        nullable parent_id: DepartmentId,
        /// The id of the employee who leads it; null for nobody.
        nullable head_id: EmployeeId,
    }
}

/// Which departments a list has; every condition holds.
#[derive(Debug, Default, InputObject)]
pub struct DepartmentFilter {
    /// Part of the name or of the code.
    #[graphql(directive = graphql::cost::apply(20))]
    pub search: Option<String>,
    /// The id of the department that they are part of, not counting parts of parts.
    pub parent_id: Option<DepartmentId>,
    /// True for the archived ones in place of those in use.
    #[graphql(default)]
    pub is_archived: bool,
}

sorts! {
    /// How a list of departments is ordered.
    DepartmentSort {
        /// By the name of the department.
        Name,
        /// By code.
        Code,
    }
}

queries! {
    Department;
    /// The departments; those in use, by name, unless the arguments say otherwise.
    departments(DepartmentFilter, DepartmentSort) = list;
    /// One department, archived or not; null when there is none of that id.
    department;
}

mutations! {
    Department as department;
    /// Creates a department.
    department_create(input: DepartmentCreateInput) = create for MANAGE;
    /// Changes a department, or moves it in the tree.
    department_update(id: DepartmentId, input: DepartmentUpdateInput) = update for MANAGE;
    archive and restore for MANAGE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_is_never_part_of_itself() {
        let [top, middle, own] = [(); 3].map(|()| DepartmentId::new());
        assert_eq!(check_parent(own, &[middle, top]), Ok(()));
        assert_eq!(check_parent(own, &[own, middle, top]), Err(CYCLE));
        assert_eq!(check_parent(top, &[own, middle, top]), Err(CYCLE));
    }
}
