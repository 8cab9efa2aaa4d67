//! Files that people attach to things: a contract to an employee, a doctor's note to a request for leave.
//!
//! The way of a file, so that no large body ever passes through GraphQL:
//!
//! 1. `fileUpload` says name and size, and answers an address that is signed, for this one file and a quarter of an
//!    hour ([`upload`]).
//! 2. The bytes are put there. Whoever serves [`routes`] needs the store and the secret key, no database. It finds out
//!    what the bytes are, and answers a receipt, which is signed as well.
//! 3. A mutation of the noun, such as `leaveRequestAttach`, takes the receipt ([`attach`]). What nobody attaches within
//!    a day is forgotten ([`forget`]).
//!
//! A noun has attachments by two words: `#[noun(attachments)]` shows them, `attach and detach for RIGHT` in
//! `mutations!` changes them. They are read through the thing that they hang on, and nowhere else: whoever may not see
//! the thing has no way to them.

mod attachment;
mod claims;
mod forget;
mod media_type;
mod routes;
mod store;
mod upload;

pub use attachment::{
    Attached, attach, attachments, detach, detach_all, hand_over, hand_over_to, move_all, move_back,
    take_back,
};
pub use forget::forget;
pub use routes::routes;
pub use store::{Files, PATH};
pub use upload::{
    FileUpload, FileUploadInput, FileUploadMutation, FileUploadPayload, NAME_MAX, SIZE_MAX, UPLOAD, upload,
};
