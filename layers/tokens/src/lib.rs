//! Token formats, token stores and password hashes: what authentication looks credentials up in.

#![cfg_attr(docsrs, feature(doc_cfg))]
