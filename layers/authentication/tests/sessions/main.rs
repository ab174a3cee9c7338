//! Sessions, through the layer.

mod answers;
mod browser;
mod laws;
mod logins;
