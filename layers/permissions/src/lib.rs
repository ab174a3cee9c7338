//! May they? The permission gate of gatefold
