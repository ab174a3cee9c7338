//! Several layers together, and real servers on loopback talked to by a real client.

mod architecture;
mod axum_router;
mod client;
mod failing;
mod failures;
mod hyper_service;
mod jwks;
mod mixing;
mod on_hyper;
mod order;
mod permissions;
mod proxy;
mod tasks;
mod told;
mod tonic_server;
mod words_of_the_compiler;
