//! What this module announces: ids and states, no names. Whoever keeps a contact's id follows a merge by it.

use common::{MembershipId, event};

use crate::ids::ContactId;

event! {
    /// A contact was made.
    ContactCreated = "contact.contact.created", of contact_id {
        /// The contact.
        contact_id: ContactId,
        /// PERSON or COMPANY.
        kind: String,
        /// ACTIVE, INACTIVE or BLOCKED.
        status: String,
        /// What they are to the organization: CUSTOMER, VENDOR, LEAD, PARTNER, APPLICANT, OTHER.
        roles: Vec<String>,
        /// The company that they belong to.
        parent_company_id: Option<ContactId>,
        /// The member who looks after them.
        owner_membership_id: Option<MembershipId>,
        /// Whether they want to hear nothing.
        is_do_not_contact: bool,
    }

    /// A contact was changed, archived or restored.
    ContactUpdated = "contact.contact.updated", of contact_id {
        /// The contact.
        contact_id: ContactId,
        /// PERSON or COMPANY.
        kind: String,
        /// ACTIVE, INACTIVE or BLOCKED.
        status: String,
        /// What they are to the organization: CUSTOMER, VENDOR, LEAD, PARTNER, APPLICANT, OTHER.
        roles: Vec<String>,
        /// The company that they belong to.
        parent_company_id: Option<ContactId>,
        /// The member who looks after them.
        owner_membership_id: Option<MembershipId>,
        /// Whether they want to hear nothing.
        is_do_not_contact: bool,
        /// Whether they are archived.
        is_archived: bool,
    }

    /// Somebody looks after a contact from now on.
    ContactAssigned = "contact.contact.assigned", of contact_id {
        /// The contact.
        contact_id: ContactId,
        /// PERSON or COMPANY.
        kind: String,
        /// The number that the organization knows it by.
        number: String,
        /// The member who looks after it.
        owner_membership_id: MembershipId,
    }

    /// Two contacts were one: what is told of the loser is told of the winner from now on.
    ContactMerged = "contact.contact.merged", of contact_id {
        /// The contact that stays.
        contact_id: ContactId,
        /// The contact whose id leads there.
        loser_id: ContactId,
    }

    /// Two contacts that were merged are two again.
    ContactUnmerged = "contact.contact.unmerged", of contact_id {
        /// The contact that stayed.
        contact_id: ContactId,
        /// The contact that is one of its own again.
        loser_id: ContactId,
    }

    /// What was known of a person was erased; whoever keeps something of them erases it, too.
    ContactErased = "contact.contact.erased", of contact_id {
        /// The contact, and those that were merged into it.
        contact_id: ContactId,
        /// Those that were merged into it.
        merged_ids: Vec<ContactId>,
    }

    /// A contact has allowed something, or taken it back.
    ConsentChanged = "contact.consent.changed", of contact_id {
        /// The contact.
        contact_id: ContactId,
        /// EMAIL, PHONE, MESSAGE or POST.
        channel: String,
        /// What for, such as newsletter.
        purpose: String,
        /// Whether it is allowed now.
        is_granted: bool,
    }

    /// Contacts were taken out of the system.
    ContactsExported = "contact.contact.exported", of export_id {
        /// The export.
        export_id: crate::ids::ExportId,
        /// How many contacts.
        contact_count: i32,
        /// The member who did it.
        actor_membership_id: Option<MembershipId>,
    }
}
