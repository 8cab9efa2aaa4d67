//! The ids of this module's nouns.

use common::id;

pub use common::OrganizationId;

id!(
    /// One number series.
    NumberSeriesId
);
id!(
    /// One saved view.
    SavedViewId
);
