//! Gates for tower services.
