//! An organization with people in it, made as its owner would.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::system::System;

pub const PASSWORD: &str = "correct horse battery";
/// Longer than anything should take; what must be faster says so itself.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// An organization of its own, for one story.
pub struct Company<'s> {
    pub name: String,
    pub owner: Client<'s>,
    pub owner_email: String,
}

pub fn text(data: &Value, pointer: &str) -> String {
    data.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no {pointer} in {data:#}"))
        .to_owned()
}

/// A name that no other test has.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}{}", &uuid::Uuid::new_v4().simple().to_string()[..12])
}

pub async fn sign_up(system: &System, name: &str, email: &str) -> testing::Answer {
    let input = json!({ "organizationName": name, "subdomain": name, "ownerName": "The Owner", "email": email,
        "password": PASSWORD, "industryCode": "services" });
    let query = "mutation($input: SignUpInput!) { signUp(input: $input) {
        session { accessToken refreshToken expiresAt } userErrors { field code message } } }";
    Client::anonymous(system).run_with(query, json!({ "input": input })).await
}

impl<'s> Company<'s> {
    pub async fn new(system: &'s System) -> Self {
        let name = unique("c");
        let owner_email = format!("owner@{name}.example");
        let data = sign_up(system, &name, &owner_email).await.ok();
        let owner = Client::with_token(system, &text(&data, "/signUp/session/accessToken"));
        Self { name, owner, owner_email }
    }

    /// Somebody joins with a role.
    pub async fn join(&self, who: &str, role: &str) -> Client<'s> {
        let invite = "mutation($input: MemberInviteInput!) { memberInvite(input: $input) { token userErrors { code message } } }";
        let input = json!({ "email": format!("{who}@{}.example", self.name), "roles": [role] });
        let data = self.owner.run_with(invite, json!({ "input": input })).await.ok();
        let accept = "mutation($input: InvitationAcceptInput!) { invitationAccept(input: $input) { session { accessToken } userErrors { code message } } }";
        let input =
            json!({ "token": text(&data, "/memberInvite/token"), "displayName": who, "password": PASSWORD });
        let data =
            Client::anonymous(self.owner.system).run_with(accept, json!({ "input": input })).await.ok();
        Client::with_token(self.owner.system, &text(&data, "/invitationAccept/session/accessToken"))
    }

    pub async fn create(&self, noun: &str, input: Value) -> String {
        let mut name = noun.to_owned();
        name[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {name}CreateInput!) {{ {noun}Create(input: $input) {{ {noun} {{ id }} userErrors {{ field code message }} }} }}"
        );
        let data = self.owner.run_with(&query, json!({ "input": input })).await.ok();
        text(&data, &format!("/{noun}Create/{noun}/id"))
    }

    /// A manager, a member who reports to her, 25 days of annual leave each; answers the leave type as well.
    pub async fn with_leave(&self) -> (Client<'s>, Client<'s>, String) {
        let manager = self.join("manager", "MANAGER").await;
        let member = self.join("member", "MEMBER").await;
        let department = self.create("department", json!({ "name": "Engineering", "code": "ENG" })).await;
        let annual = self.create("leaveType", json!({ "name": "Annual leave", "code": "ANNUAL" })).await;
        self.create("leavePolicy", json!({ "name": "Standard", "isDefault": true, "lines": [{ "leaveTypeId": annual, "daysPerYear": "25" }] })).await;
        let employee = |last_name: &str, membership: String| {
            json!({ "firstName": "A", "lastName": last_name, "workEmail": format!("{last_name}@{}.example", self.name),
                "joinedOn": "2020-01-01", "departmentId": department, "membershipId": membership })
        };
        let lead = self.create("employee", employee("Lead", membership(&manager).await)).await;
        let mut report = employee("Report", membership(&member).await);
        report["managerId"] = lead.into();
        self.create("employee", report).await;
        (manager, member, annual)
    }

    /// Switches a module, and answers what the mutation did.
    pub async fn switch(&self, module: &str, on: bool) -> testing::Answer {
        let (verb, more) = if on { ("Enable", "") } else { ("Disable", ", force: false") };
        let query = format!(
            r#"mutation {{ organizationModule{verb}(input: {{ moduleId: "{module}"{more} }}) {{ organization {{ id }} userErrors {{ code message }} }} }}"#
        );
        self.owner.run(&query).await
    }
}

pub async fn membership(client: &Client<'_>) -> String {
    text(&client.run("{ me { membership { id } } }").await.ok(), "/me/membership/id")
}

/// A request for a working week that lies about half a year ahead; answers its id.
pub async fn submit(client: &Client<'_>, leave_type: &str, first_day: &str, last_day: &str) -> String {
    let query = format!(
        r#"mutation {{ leaveRequestSubmit(input: {{ leaveTypeId: "{leave_type}", firstDay: "{first_day}", lastDay: "{last_day}" }})
            {{ leaveRequest {{ id }} userErrors {{ code message }} }} }}"#
    );
    text(&client.run(&query).await.ok(), "/leaveRequestSubmit/leaveRequest/id")
}
