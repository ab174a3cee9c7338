//! Who is it? The authentication gate of gatefold
