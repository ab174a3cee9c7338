//! Permissions that are written in a policy file and judged by an engine: Cedar and Casbin.
//!
//! Both are ordinary permissions, so they compose with all others and refuse as all others do:
//! nobody with 401, somebody with 403. What the engine cannot judge is a failure, which `!` does
//! not turn into a yes.

mod casbin;
mod cedar;

pub use self::{
    casbin::CasbinPermission,
    cedar::{CedarPermission, PolicyError},
};
