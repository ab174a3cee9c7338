//! Whom the built-ins let through.

use gatefold_core::{Decision, Identity};
use gatefold_permissions::{
    AllowAny, DenyAll, HasRole, HasScope, IsAdmin, IsAuthenticated, IsAuthenticatedOrReadOnly,
    Permission, ReadOnly, Verdict,
};
use http::{Method, Request};

#[test]
fn each_built_in_lets_through_whom_its_name_says() {
    let callers = [
        None,
        Some(Identity::new("user").with_scopes(["a"])),
        Some(Identity::new("staff").with_admin(true).with_roles(["r"])),
    ];
    // For each caller: a request that reads, and one that writes.
    let table: [(&dyn Permission, [u8; 6]); 8] = [
        (&AllowAny, [1, 1, 1, 1, 1, 1]),
        (&DenyAll, [0, 0, 0, 0, 0, 0]),
        (&IsAuthenticated, [0, 0, 1, 1, 1, 1]),
        (&IsAuthenticatedOrReadOnly, [1, 0, 1, 1, 1, 1]),
        (&IsAdmin, [0, 0, 0, 0, 1, 1]),
        (&ReadOnly, [1, 0, 1, 0, 1, 0]),
        (&HasScope::new("a"), [0, 0, 1, 1, 0, 0]),
        (&HasRole::new("r"), [0, 0, 0, 0, 1, 1]),
    ];
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS];
    let writes = [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::TRACE,
        Method::CONNECT,
    ];
    for (permission, expected) in table {
        for (caller, expected) in callers.iter().zip(expected.chunks(2)) {
            for (methods, expected) in [&reads[..], &writes].iter().zip(expected) {
                for method in *methods {
                    let (mut head, ()) = Request::new(()).into_parts();
                    head.method = method.clone();
                    if let Some(caller) = caller {
                        caller.clone().leave(&mut head.extensions);
                    }
                    let allowed = |decision: &Decision<Verdict>| {
                        matches!(decision, Decision::Now(Verdict::Allowed))
                    };
                    let answers = [
                        permission.has_permission(&head),
                        permission.has_object_permission(&head, &()),
                    ];
                    for answer in answers {
                        assert_eq!(allowed(&answer), *expected == 1, "{method} {caller:?}");
                    }
                }
            }
        }
    }
}
