//! Departments: a tree, each with somebody at its head.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, InputObject, MaybeUndefined, Object, SimpleObject};
use common::{Cursor, Error, Page, Permission, Refuse, Result, Slice, id};
use database::{Ctx, OnConstraint as _, Tx};
use graphql::{App as _, Batch, payload};

use crate::employee::{self, Employee, EmployeeById, EmployeeId};
use crate::{EVERYBODY, PEOPLE_OFFICE, structure};

id!(
    /// One department.
    DepartmentId
);

pub(crate) const READ: Permission =
    Permission { key: "employee.department.read", description: "See the departments.", grants: EVERYBODY };
pub(crate) const MANAGE: Permission = Permission {
    key: "employee.department.manage",
    description: "Create and change departments.",
    grants: PEOPLE_OFFICE,
};

// Use-cases.

/// Creates a department.
pub async fn create(ctx: &Ctx, input: DepartmentCreateInput) -> Result<Department> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let department = Department::try_new(input)?;
    check_references(&mut tx, &department).await?;
    insert(&mut tx, &department).await.on_constraint("department_code_key", Refused::CodeTaken)?;
    tx.commit().await?;
    Ok(department)
}

/// Changes a department, or moves it in the tree.
pub async fn update(ctx: &Ctx, id: DepartmentId, input: DepartmentUpdateInput) -> Result<Department> {
    let mut tx = ctx.begin(&MANAGE).await?;
    structure::lock(&mut tx).await?;
    let mut department = select_many(&mut tx, &[id]).await?.pop().ok_or(Error::NotFound("department"))?;
    department.apply(input)?;
    check_references(&mut tx, &department).await?;
    save(&mut tx, &department).await.on_constraint("department_code_key", Refused::CodeTaken)?;
    tx.commit().await?;
    Ok(department)
}

/// The departments, by name.
pub async fn list(ctx: &Ctx, page: Page<String>) -> Result<Slice<Department>> {
    let mut tx = ctx.begin(&READ).await?;
    let rows = select_page(&mut tx, &page).await?;
    Ok(page.slice(rows, |row| Cursor { key: row.name.clone(), id: row.id.0 }))
}

/// Under the structure's lock, so what is checked here still holds when it is written.
async fn check_references(tx: &mut Tx, department: &Department) -> Result<()> {
    if let Some(parent_id) = department.parent_id {
        check_parent(department.id, &select_line(tx, parent_id).await?)?;
    }
    if let Some(head_id) = department.head_id
        && !employee::is_active(tx, head_id).await?
    {
        return Err(Refused::HeadNotFound.into());
    }
    Ok(())
}

// Rules.

/// Why a department cannot be as asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The name is empty or too long.
    #[error("give it a name of 1 to 100 characters")]
    Name,
    /// The code has another form.
    #[error("a code has 1 to 20 of the characters A to Z, 0 to 9, _ and -")]
    Code,
    /// Another department has that code.
    #[error("another department has this code")]
    CodeTaken,
    /// No such parent.
    #[error("there is no such department to put it under")]
    ParentNotFound,
    /// It would contain itself.
    #[error("a department cannot be part of itself or of one of its own parts")]
    Cycle,
    /// No such head.
    #[error("there is no such active employee to head it")]
    HeadNotFound,
}

impl Refuse for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "NAME_INVALID",
            Self::Code => "CODE_INVALID",
            Self::CodeTaken => "CODE_TAKEN",
            Self::ParentNotFound => "PARENT_NOT_FOUND",
            Self::Cycle => "DEPARTMENT_CYCLE",
            Self::HeadNotFound => "HEAD_NOT_FOUND",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Name => "name",
            Self::Code | Self::CodeTaken => "code",
            Self::ParentNotFound | Self::Cycle => "parentId",
            Self::HeadNotFound => "headId",
        })
    }
}

impl Department {
    fn try_new(input: DepartmentCreateInput) -> Result<Self, Refused> {
        Ok(Self {
            id: DepartmentId::new(),
            name: crate::name(&input.name, 100).ok_or(Refused::Name)?,
            code: code(input.code)?,
            parent_id: input.parent_id,
            head_id: input.head_id,
        })
    }

    fn apply(&mut self, input: DepartmentUpdateInput) -> Result<(), Refused> {
        if let Some(name) = input.name {
            self.name = crate::name(&name, 100).ok_or(Refused::Name)?;
        }
        if let Some(new) = input.code {
            self.code = code(new)?;
        }
        input.parent_id.update_to(&mut self.parent_id);
        input.head_id.update_to(&mut self.head_id);
        Ok(())
    }
}

fn code(code: String) -> Result<String, Refused> {
    let is_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if (1..=20).contains(&code.len()) && code.chars().all(is_code) { Ok(code) } else { Err(Refused::Code) }
}

/// Whether a department may be put under the first of `line`, a department and all that it is part of.
fn check_parent(id: DepartmentId, line: &[DepartmentId]) -> Result<(), Refused> {
    match line {
        [] => Err(Refused::ParentNotFound),
        _ if line.contains(&id) => Err(Refused::Cycle),
        _ => Ok(()),
    }
}

// SQL.

async fn insert(tx: &mut Tx, d: &Department) -> Result<()> {
    sqlx::query!(
        "insert into employee.department (id, name, code, parent_id, head_id) values ($1, $2, $3, $4, $5)",
        d.id as DepartmentId,
        d.name,
        d.code,
        d.parent_id as Option<DepartmentId>,
        d.head_id as Option<EmployeeId>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn save(tx: &mut Tx, d: &Department) -> Result<()> {
    sqlx::query!(
        "update employee.department set name = $2, code = $3, parent_id = $4, head_id = $5 where id = $1",
        d.id as DepartmentId,
        d.name,
        d.code,
        d.parent_id as Option<DepartmentId>,
        d.head_id as Option<EmployeeId>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the departments that somebody heads to somebody else, or to nobody.
pub(crate) async fn hand_over(tx: &mut Tx, from: EmployeeId, to: Option<EmployeeId>) -> Result<()> {
    sqlx::query!(
        "update employee.department set head_id = $2 where head_id = $1",
        from as EmployeeId,
        to as Option<EmployeeId>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

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

async fn select_page(tx: &mut Tx, page: &Page<String>) -> Result<Vec<Department>> {
    Ok(sqlx::query_as!(
        Department,
        r#"select id, name, code, parent_id as "parent_id: DepartmentId", head_id as "head_id: EmployeeId"
           from employee.department
           where $1::text is null or (name, id) > ($1, $2)
           order by name, id limit $3"#,
        page.after_key(),
        page.after_id(),
        page.limit(),
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn select_many(tx: &mut Tx, ids: &[DepartmentId]) -> Result<Vec<Department>> {
    Ok(sqlx::query_as!(
        Department,
        r#"select id, name, code, parent_id as "parent_id: DepartmentId", head_id as "head_id: EmployeeId"
           from employee.department where id = any($1)"#,
        ids as &[DepartmentId],
    )
    .fetch_all(tx.conn())
    .await?)
}

// GraphQL.

/// A part of the organization.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Department {
    /// Opaque.
    pub id: DepartmentId,
    /// What people call it.
    pub name: String,
    /// A short code for reports.
    pub code: String,
    #[graphql(skip)]
    pub(crate) parent_id: Option<DepartmentId>,
    #[graphql(skip)]
    pub(crate) head_id: Option<EmployeeId>,
}

#[ComplexObject]
impl Department {
    /// The department that it is part of; null at the top.
    async fn parent(&self, gql: &Context<'_>) -> Result<Option<Department>> {
        match self.parent_id {
            Some(id) => gql.load::<DepartmentById>(id).await,
            None => Ok(None),
        }
    }

    /// Who leads it.
    async fn head(&self, gql: &Context<'_>) -> Result<Option<Employee>> {
        match self.head_id {
            Some(id) => gql.load::<EmployeeById>(id).await,
            None => Ok(None),
        }
    }
}

/// A new department.
#[derive(Debug, InputObject)]
pub struct DepartmentCreateInput {
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// A short code, unique in the organization: 1 to 20 of A to Z, 0 to 9, _ and -.
    pub code: String,
    /// The department that it is part of; at the top when not said.
    pub parent_id: Option<DepartmentId>,
    /// The employee who leads it.
    pub head_id: Option<EmployeeId>,
}

/// What is to change about a department; what is not said stays.
#[derive(Debug, InputObject)]
pub struct DepartmentUpdateInput {
    /// What people call it: 1 to 100 characters.
    pub name: Option<String>,
    /// A short code, unique in the organization: 1 to 20 of A to Z, 0 to 9, _ and -.
    pub code: Option<String>,
    /// The department that it is part of; null for the top.
    pub parent_id: MaybeUndefined<DepartmentId>,
    /// The employee who leads it; null for nobody.
    pub head_id: MaybeUndefined<EmployeeId>,
}

payload!(
    /// What creating a department answers.
    DepartmentCreatePayload {
        /// The new department.
        department: Department
    }
);

payload!(
    /// What changing a department answers.
    DepartmentUpdatePayload {
        /// The department as it is now.
        department: Department
    }
);

/// Departments, by id.
pub(crate) struct DepartmentById;

impl Batch for DepartmentById {
    type Key = DepartmentId;
    type Value = Department;

    async fn load(ctx: &Ctx, keys: &[DepartmentId]) -> Result<HashMap<DepartmentId, Department>> {
        let mut tx = ctx.begin(&READ).await?;
        Ok(select_many(&mut tx, keys).await?.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// Departments: queries.
#[derive(Default)]
pub struct DepartmentQuery;

#[Object]
impl DepartmentQuery {
    /// The departments, by name.
    async fn departments(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when not said.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Result<graphql::Page<Department>> {
        let page = Page::new(first, after.as_deref())?;
        Ok(graphql::connection(list(gql.app(), page).await?))
    }

    /// One department, for other subgraphs.
    #[graphql(entity)]
    async fn department_by_id(&self, gql: &Context<'_>, id: DepartmentId) -> Result<Option<Department>> {
        gql.load::<DepartmentById>(id).await
    }
}

/// Departments: mutations.
#[derive(Default)]
pub struct DepartmentMutation;

#[Object]
impl DepartmentMutation {
    /// Creates a department.
    async fn department_create(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "What it is to be.")] input: DepartmentCreateInput,
    ) -> Result<DepartmentCreatePayload> {
        DepartmentCreatePayload::of(create(gql.app(), input).await)
    }

    /// Changes a department, or moves it in the tree.
    async fn department_update(
        &self,
        gql: &Context<'_>,
        #[graphql(desc = "Which one.")] id: DepartmentId,
        #[graphql(desc = "What is to change.")] input: DepartmentUpdateInput,
    ) -> Result<DepartmentUpdatePayload> {
        DepartmentUpdatePayload::of(update(gql.app(), id, input).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_is_never_part_of_itself() {
        let [top, middle, own, other] = [(); 4].map(|()| DepartmentId::new());
        assert_eq!(check_parent(own, &[middle, top]), Ok(()));
        assert_eq!(check_parent(own, &[own, middle, top]), Err(Refused::Cycle));
        assert_eq!(check_parent(top, &[own, middle, top]), Err(Refused::Cycle));
        assert_eq!(check_parent(other, &[]), Err(Refused::ParentNotFound));
    }
}
