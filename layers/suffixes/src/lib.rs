//! .json or .html? The format suffix gate of gatefold
