//! Which API? The versioning gate of gatefold
