//! Members, as this module's graph names them: who did what.

graphql::history_entry!(stub);
files::attachment!(Membership);
