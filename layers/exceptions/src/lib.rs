//! What do we say? The exception gate of gatefold
