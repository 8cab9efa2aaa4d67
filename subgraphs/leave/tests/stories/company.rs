//! A small company to tell stories about: a manager, somebody who reports to her, and HR.
use common::Role;
use serde_json::{Value, json};
use testing::{App, Person};
use uuid::Uuid;

pub struct Company {
    pub app: App,
    pub hr: Person,
    pub manager: Person,
    pub member: Person,
    pub manager_employee: Uuid,
    pub member_employee: Uuid,
    pub calendar: Uuid,
    pub annual: String,
}

impl Company {
    /// It is Monday, 2 March 2026. The member has had 25 days for the year since 1 January, when they joined; Good Friday is
    /// 3 April.
    pub async fn new() -> Self {
        let app = App::start(vec![leave::subgraph()]).await;
        let hr = Person::new(&[Role::Hr]);
        let (manager, member) = (hr.colleague(&[Role::Manager]), hr.colleague(&[Role::Member]));
        let mut company = Self {
            app,
            hr,
            manager,
            member,
            manager_employee: Uuid::now_v7(),
            member_employee: Uuid::now_v7(),
            calendar: Uuid::now_v7(),
            annual: String::new(),
        };
        for person in [&company.hr, &company.manager, &company.member] {
            company.joined(person).await;
        }
        company.set_holidays(&["2026-04-03"]).await;
        company.annual = company.create_type(r#"name: "Annual leave", code: "ANNUAL""#).await;
        let policy =
            company.create_policy(&company.annual, "carryForwardDaysMax: 5, carryForwardMonths: 3").await;
        assert!(!policy.is_empty());
        company.hire(company.manager_employee, &company.manager, None).await;
        company.hire(company.member_employee, &company.member, Some(company.manager_employee)).await;
        company
    }

    pub async fn joined(&self, person: &Person) {
        self.set_active(person, true).await;
    }

    pub async fn set_active(&self, person: &Person, is_active: bool) {
        let mut tx = self.app.system(person, "leave").await;
        let member = person.member();
        people::write::member(&mut tx, member.membership_id, &member.roles, is_active).await.unwrap();
        tx.commit(()).await.unwrap();
    }

    /// Somebody as the directory has them, in Berlin since New Year.
    pub fn entry(
        &self,
        employee: Uuid,
        membership: Option<&Person>,
        manager: Option<Uuid>,
    ) -> people::Person {
        people::Person {
            id: employee.into(),
            membership_id: membership.map(|person| person.member().membership_id),
            manager_id: manager.map(Into::into),
            department_id: None,
            joined_on: "2026-01-01".parse().unwrap(),
            left_on: None,
            time_zone: "Europe/Berlin".to_owned(),
            work_schedule_id: None,
            holiday_calendar_id: Some(self.calendar),
            former: Default::default(),
        }
    }

    /// What the employee module does when something about somebody changes: it writes it down, and announces it.
    pub async fn set(&self, entry: people::Person, event: &str) {
        let mut tx = self.app.system(&self.hr, "leave").await;
        people::write::employees(&mut tx, std::slice::from_ref(&entry)).await.unwrap();
        tx.commit(()).await.unwrap();
        let payload = json!({ "employeeId": entry.id, "lastWorkingDay": entry.left_on });
        self.app.announce_raw(&self.hr, &format!("employee.employee.{event}"), payload).await;
    }

    pub async fn hire(&self, employee: Uuid, person: &Person, manager: Option<Uuid>) {
        self.set(self.entry(employee, Some(person), manager), "hired").await;
    }

    pub async fn set_holidays(&self, days: &[&str]) {
        let days: Vec<_> = days.iter().map(|day| (day.parse().unwrap(), false)).collect();
        let mut tx = self.app.system(&self.hr, "leave").await;
        people::write::holidays(&mut tx, self.calendar, &days).await.unwrap();
        tx.commit(()).await.unwrap();
        let payload = json!({ "holidayCalendarId": self.calendar });
        self.app.announce_raw(&self.hr, "employee.calendar.changed", payload).await;
    }

    pub async fn create_type(&self, fields: &str) -> String {
        let query = format!(
            "mutation {{ leaveTypeCreate(input: {{ {fields} }}) {{ leaveType {{ id }} userErrors {{ code message }} }} }}"
        );
        text(&self.app.as_(&self.hr).run(&query).await.ok()["leaveTypeCreate"]["leaveType"]["id"])
    }

    pub async fn create_policy(&self, leave_type: &str, line: &str) -> String {
        let query = format!(
            r#"mutation {{ leavePolicyCreate(input: {{ name: "Standard", isDefault: true, lines: [
                {{ leaveTypeId: "{leave_type}", daysPerYear: "25", {line} }}] }}) {{ leavePolicy {{ id }} userErrors {{ code message }} }} }}"#
        );
        text(&self.app.as_(&self.hr).run(&query).await.ok()["leavePolicyCreate"]["leavePolicy"]["id"])
    }

    pub fn submission(&self, first: &str, last: &str) -> String {
        let annual = &self.annual;
        format!(
            r#"mutation {{ leaveRequestSubmit(input: {{ leaveTypeId: "{annual}", firstDay: "{first}", lastDay: "{last}" }})
                {{ leaveRequest {{ id days status }} userErrors {{ field code message }} }} }}"#
        )
    }

    /// The member asks; answers the request's id.
    pub async fn submit(&self, first: &str, last: &str) -> String {
        let answer = self.app.as_(&self.member).run(&self.submission(first, last)).await.ok();
        text(&answer["leaveRequestSubmit"]["leaveRequest"]["id"])
    }

    /// Somebody does something with a request.
    pub async fn act(&self, person: &Person, verb: &str, id: &str) -> testing::Answer {
        let query = format!(
            r#"mutation {{ leaveRequest{verb}(id: "{id}") {{ leaveRequest {{ status days lastDay }} userErrors {{ code message }} }} }}"#
        );
        self.app.as_(person).run(&query).await
    }

    /// The member's balance of annual leave: (balance, planned, pending, available).
    pub async fn balance(&self, as_of: &str) -> [String; 4] {
        let query = format!(
            r#"{{ leaveBalances(asOf: "{as_of}") {{ leaveType {{ code }} balance planned pending available }} }}"#
        );
        let data = self.app.as_(&self.member).run(&query).await.ok();
        let balances = data["leaveBalances"].as_array().unwrap();
        let annual = balances.iter().find(|balance| balance["leaveType"]["code"] == "ANNUAL").unwrap();
        ["balance", "planned", "pending", "available"].map(|field| text(&annual[field]))
    }

    /// Checks LEV-3 over every request: what its halves take is what it says, and what the ledger took by today.
    pub async fn assert_books_balance(&self) {
        let wrong: Vec<(Uuid, String)> = sqlx::query_as(
            "select r.id, r.status from leave.request r
             left join lateral (select coalesce(sum(portion), 0) as portions from leave.request_half_day h
                 where h.request_id = r.id and h.is_active) h on true
             left join lateral (select coalesce(sum(portion), 0) as by_today from leave.request_half_day h
                 where h.request_id = r.id and h.is_active and h.day <= $1) t on true
             left join lateral (select coalesce(sum(-days), 0) as taken from leave.ledger_entry e
                 where e.request_id = r.id) e on true
             where case r.status when 'APPROVED' then h.portions <> r.days or e.taken <> t.by_today
                 when 'PENDING' then h.portions <> r.days or e.taken <> 0
                 else h.portions <> 0 or e.taken <> 0 end",
        )
        .bind(self.app.ctx(&self.hr, "leave").today(chrono_tz::Europe::Berlin))
        .fetch_all(&sqlx::PgPool::connect(&self.app.admin_url).await.unwrap())
        .await
        .unwrap();
        assert!(wrong.is_empty(), "books do not balance: {wrong:?}");
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
