//! What growth costs: the same questions with many organizations beside one's own, and with many people in it.

use std::fmt;

use crate::Failure;
use crate::company::Company;
use crate::database::Database;
use crate::measure::{Run, STAFFED, say};
use crate::system::{Mode, System};
use crate::table::{Column, Figures, Row, number, write_table};
use crate::traffic::Case;

/// How many organizations are many.
const ORGANIZATIONS: i32 = 1000;
/// How many employees there are then, for each one that there was.
const TIMES: i32 = 1500;

/// Columns: as it was made, with many organizations, and with many employees.
pub struct Growth(Vec<Column>);

impl Run<'_> {
    /// Asks one process, on copies of a database with one organization that have grown.
    pub async fn growth(&self, lone: Database, mut company: Company) -> Result<Growth, Failure> {
        let organization = company.people[0].me.organization.clone();
        let mut columns = Vec::new();
        let titles = ["1 organization, 200 employees", "1,000 organizations", "300,000 employees"];
        for (number, title) in titles.into_iter().enumerate() {
            say(title);
            let database = self.server.create(&format!("grown{number}"), Some(&lone)).await?;
            match number {
                1 => database.multiply(&organization, &STAFFED, ORGANIZATIONS - 1).await?,
                2 => database.grow(&organization, TIMES - 1).await?,
                // The planner is to know as much of what has not grown.
                _ => database.grow(&organization, 0).await?,
            }
            columns.push(self.column(title, &database, &mut company).await?);
            self.server.drop(database).await?;
        }
        self.server.drop(lone).await?;
        Ok(Growth(columns))
    }

    async fn column(
        &self,
        title: &'static str,
        database: &Database,
        company: &mut Company,
    ) -> Result<Column, Failure> {
        let system = System::start(&self.programs, Mode::OneProcess, &self.modules, database).await?;
        company.log_in(system.port).await?;
        system.settle().await?;
        let mut cases = Vec::new();
        for case in [Case::Page, Case::Search] {
            cases.push((case, self.ask(case, &system, database, company).await?.0));
        }
        system.stop().await?;
        Ok(Column { title, ready_after: None, cases, memory: Vec::new() })
    }
}

impl Growth {
    fn rows_of(&self, case: Case) -> Vec<Row> {
        let row = |what: &str, show: &dyn Fn(&Column, &Figures) -> Option<f64>, mark: &str| {
            let cell = |column: &Column| {
                let value = show(column, column.figures(case)?)?;
                Some(format!("{mark}{}{mark}", number(value)))
            };
            (format!("{}: {what}", case.name()), self.0.iter().map(cell).collect())
        };
        let before = |of: fn(&Figures) -> Option<f64>| {
            move |_: &Column, figures: &Figures| Some(of(figures)? / of(self.0.first()?.figures(case)?)?)
        };
        let mut rows = vec![
            row("requests per second", &|_, figures| Some(figures.per_s), ""),
            row("p50, ms", &|_, figures| Some(figures.p50_ms), ""),
            row("p50 with one client, ms", &|_, figures| figures.alone_p50_ms, ""),
            row("CPU per request, µs", &|_, figures| figures.cpu_us, ""),
            row("PostgreSQL's CPU per request, µs", &|_, figures| figures.postgres_us, ""),
            row("CPU ÷ before", &before(|figures| figures.cpu_us), "**"),
            row("PostgreSQL's CPU ÷ before", &before(|figures| figures.postgres_us), "**"),
        ];
        if case == Case::Search {
            let page = |column: &Column, figures: &Figures| {
                Some(figures.postgres_us? / column.figures(Case::Page)?.postgres_us?)
            };
            rows.push(row("PostgreSQL's CPU ÷ page", &page, "**"));
        }
        rows
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles: Vec<_> = self.0.iter().map(|column| column.title).collect();
        let rows = [Case::Page, Case::Search].into_iter().flat_map(|case| self.rows_of(case));
        write_table(f, &titles, rows.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(title: &'static str, page_us: f64, search_us: f64) -> Column {
        let figures = |us| Figures { cpu_us: Some(us), postgres_us: Some(us), ..Figures::default() };
        let cases = vec![(Case::Page, figures(page_us)), (Case::Search, figures(search_us))];
        Column { title, ready_after: None, cases, memory: Vec::new() }
    }

    #[test]
    fn ratios_are_to_what_was_before_and_of_a_search_also_to_the_page() {
        let text = Growth(vec![column("small", 100.0, 80.0), column("large", 150.0, 3000.0)]).to_string();
        for row in [
            "| page: PostgreSQL's CPU ÷ before | **1.00** | **1.50** |",
            "| search: CPU ÷ before | **1.00** | **37.5** |",
            "| search: PostgreSQL's CPU ÷ page | **0.80** | **20.0** |",
        ] {
            assert!(text.contains(row), "{text}");
        }
    }
}
