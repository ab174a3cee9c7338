//! How often? The throttling gate of gatefold
