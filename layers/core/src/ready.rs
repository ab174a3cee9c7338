/// Takes the service that was polled ready and leaves a fresh clone behind.
///
/// A clone of a ready service need not be ready, and may panic when called; so a gate that has to
/// wait before it calls takes the ready one along. This is the only place in these crates that
/// clones an inner service on a request's way.
pub fn take_ready<S: Clone>(service: &mut S) -> S {
    let fresh = service.clone();
    std::mem::replace(service, fresh)
}
