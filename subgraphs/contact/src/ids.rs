//! The ids of this module's nouns.

use common::id;

id!(
    /// One person or company.
    ContactId
);
id!(
    /// One id of a contact in another system.
    ExternalIdId
);
id!(
    /// One relation of a contact to another.
    RelationId
);
id!(
    /// One entry of what a contact has allowed.
    ConsentId
);
id!(
    /// One talk, mail or note.
    CommunicationId
);
id!(
    /// One segment.
    SegmentId
);
id!(
    /// One merge of two contacts.
    MergeId
);
id!(
    /// One export of contacts.
    ExportId
);
