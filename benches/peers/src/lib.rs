//! The same work by gatefold and by other people's crates.
