//! In which form? The content negotiation gate of gatefold
