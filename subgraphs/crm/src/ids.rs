//! The ids of this module's nouns.

use common::id;

id!(
    /// One pipeline.
    PipelineId
);
id!(
    /// One stage of a pipeline.
    StageId
);
id!(
    /// One reason why something was lost.
    LostReasonId
);
id!(
    /// One source of leads.
    LeadSourceId
);
id!(
    /// One campaign.
    CampaignId
);
id!(
    /// One deal.
    DealId
);
id!(
    /// One line of a deal.
    DealLineId
);
id!(
    /// One contact's part in a deal.
    DealContactId
);
id!(
    /// One entry of what became of a deal.
    StageChangeId
);
id!(
    /// One lead.
    LeadId
);
id!(
    /// One rule by which leads are given to members.
    AssignmentRuleId
);
id!(
    /// One activity.
    ActivityId
);
id!(
    /// One sales target.
    SalesTargetId
);
id!(
    /// One web form.
    WebFormId
);
id!(
    /// One operation that goes through several modules.
    OperationId
);
id!(
    /// One quote.
    QuoteId
);
id!(
    /// One contact: the contact module's.
    ContactId
);
id!(
    /// One product: the products module's.
    ProductId
);
id!(
    /// One variant of a product: the products module's.
    VariantId
);
