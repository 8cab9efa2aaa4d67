//! Members, as this module's graph names them: who did what, and who decides.

graphql::history_entry!(stub);
files::attachment!(Membership);
