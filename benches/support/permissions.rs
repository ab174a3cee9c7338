//! A permission by itself, beside the same composition of boxed async closures.

use std::{future::Future, hint::black_box, pin::Pin, sync::Arc};

use gatefold::{
    Decision, Identity,
    permissions::{Permission, Verdict},
};
use http::{Method, request::Parts};

use super::{
    Measure, Work, at_once, call,
    gates::{five, identified},
    measure,
};

pub const PERMISSIONS: &[Measure] = &[
    measure("expression/five/yes", || ours(editor(), true)),
    measure("expression/five/no", || ours(stranger(), false)),
    measure("expression/five/boxed-async/yes", || theirs(editor(), true)),
    measure("expression/five/boxed-async/no", || {
        theirs(stranger(), false)
    }),
    measure("expression/five/boxed-async-tree/yes", || {
        tree(editor(), true)
    }),
];

/// Alice writes: all five atoms have to be looked at.
fn editor() -> Parts {
    let mut head = identified().into_parts().0;
    head.method = Method::POST;
    head
}

/// Somebody without the scope: the third atom decides.
fn stranger() -> Parts {
    let mut head = editor();
    Identity::new("eve").leave(&mut head.extensions);
    head
}

fn ours(head: Parts, allowed: bool) -> Work {
    let permission: Arc<dyn Permission> = Arc::new(five());
    let ask = move || {
        let decision = black_box(&permission).has_permission(black_box(&head));
        matches!(decision, Decision::Now(Verdict::Allowed))
    };
    assert_eq!(ask(), allowed, "the wrong path");
    call(ask)
}

type Answer<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;
type Asked = Box<dyn Fn(&Parts) -> Answer<'_> + Send + Sync>;

fn atom(rule: impl Fn(&Parts) -> bool + Clone + Send + Sync + 'static) -> Asked {
    Box::new(move |head| {
        let rule = rule.clone();
        Box::pin(async move { rule(head) })
    })
}

fn atoms() -> [Asked; 5] {
    let who =
        |head: &Parts, is: fn(&Identity) -> bool| Identity::of(&head.extensions).is_some_and(is);
    [
        atom(move |head| who(head, |_| true)),
        atom(move |head| who(head, Identity::is_admin)),
        atom(move |head| who(head, |who| who.has_scope("tasks:write"))),
        atom(|head| matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS)),
        atom(move |head| who(head, |who| who.has_role("guest"))),
    ]
}

/// One async closure that asks the five: the least that boxing each costs.
fn theirs(head: Parts, allowed: bool) -> Work {
    let atoms = Arc::new(atoms());
    let composed: Asked = Box::new(move |head| {
        let atoms = Arc::clone(&atoms);
        Box::pin(async move {
            let [known, admin, scope, reads, guest] = &*atoms;
            known(head).await
                && (admin(head).await || scope(head).await)
                && (reads(head).await || !guest(head).await)
        })
    });
    driven(composed, head, allowed)
}

/// The same as a tree of combinators, as it is written where operators are wanted.
fn tree(head: Parts, allowed: bool) -> Work {
    fn and(a: Asked, b: Asked) -> Asked {
        let both = Arc::new((a, b));
        Box::new(move |head| {
            let both = Arc::clone(&both);
            Box::pin(async move { both.0(head).await && both.1(head).await })
        })
    }
    fn or(a: Asked, b: Asked) -> Asked {
        let both = Arc::new((a, b));
        Box::new(move |head| {
            let both = Arc::clone(&both);
            Box::pin(async move { both.0(head).await || both.1(head).await })
        })
    }
    fn not(a: Asked) -> Asked {
        let a = Arc::new(a);
        Box::new(move |head| {
            let a = Arc::clone(&a);
            Box::pin(async move { !a(head).await })
        })
    }
    let [known, admin, scope, reads, guest] = atoms();
    let composed = and(and(known, or(admin, scope)), or(reads, not(guest)));
    driven(composed, head, allowed)
}

fn driven(composed: Asked, head: Parts, allowed: bool) -> Work {
    let ask = move || at_once(black_box(&composed)(black_box(&head)));
    assert_eq!(ask(), allowed, "the wrong path");
    call(ask)
}
