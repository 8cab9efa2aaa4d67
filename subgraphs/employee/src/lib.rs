//! employee
