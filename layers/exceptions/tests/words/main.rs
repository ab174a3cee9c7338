//! What is said, in which form, and what is left alone.

mod asked;
mod forms;
mod handlers;
