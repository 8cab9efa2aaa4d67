//! Stories about notifications.

mod hearing;
mod live;
mod office;
mod reading;
