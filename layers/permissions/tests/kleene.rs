//! Composition is three-valued logic: every expression to depth 2, over all kinds of atoms.

use std::{
    any::Any,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use gatefold_core::{Decision, Exception, later};
use gatefold_permissions::{Denial, Permission, Verdict, rule};
use http::{Request, request::Parts};

/// `Some` is known, `None` is not.
type Truth = Option<bool>;

fn and(a: Truth, b: Truth) -> Truth {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(a: Truth, b: Truth) -> Truth {
    and(a.map(|a| !a), b.map(|b| !b)).map(|both| !both)
}

#[derive(Clone, Copy, Debug)]
struct Atom {
    value: bool,
    about_object: bool,
    slow: bool,
    fails: bool,
}

#[derive(Clone, Debug)]
enum Expression {
    Atom(usize),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
}

impl Expression {
    fn truth(&self, of: &dyn Fn(usize) -> Truth) -> Truth {
        match self {
            Self::Atom(n) => of(*n),
            Self::Not(a) => a.truth(of).map(|a| !a),
            Self::And(a, b) => and(a.truth(of), b.truth(of)),
            Self::Or(a, b) => or(a.truth(of), b.truth(of)),
        }
    }

    fn permission(&self, atoms: &[Leaf]) -> Arc<dyn Permission> {
        match self {
            Self::Atom(n) => Arc::new(atoms[*n].clone()),
            Self::Not(a) => Arc::new(!rule(a.permission(atoms))),
            Self::And(a, b) => Arc::new(rule(a.permission(atoms)) & b.permission(atoms)),
            Self::Or(a, b) => Arc::new(rule(a.permission(atoms)) | b.permission(atoms)),
        }
    }

    fn atoms(&self) -> usize {
        match self {
            Self::Atom(_) => 1,
            Self::Not(a) => a.atoms(),
            Self::And(a, b) | Self::Or(a, b) => a.atoms() + b.atoms(),
        }
    }

    fn shifted(&self, by: usize) -> Box<Self> {
        Box::new(match self {
            Self::Atom(n) => Self::Atom(n + by),
            Self::Not(a) => Self::Not(a.shifted(by)),
            Self::And(a, b) => Self::And(a.shifted(by), b.shifted(by)),
            Self::Or(a, b) => Self::Or(a.shifted(by), b.shifted(by)),
        })
    }

    /// All the forms that have one operator more than `parts`.
    fn grown(parts: &[Self]) -> Vec<Self> {
        let mut forms = parts.to_vec();
        for a in parts {
            forms.push(Self::Not(Box::new(a.clone())));
            for b in parts {
                let (left, right) = (Box::new(a.clone()), b.shifted(a.atoms()));
                forms.push(Self::And(left.clone(), right.clone()));
                forms.push(Self::Or(left, right));
            }
        }
        forms
    }
}

#[derive(Clone)]
struct Leaf {
    atom: Atom,
    polls: Arc<AtomicUsize>,
}

impl Leaf {
    fn answer(&self, object: bool) -> Decision<Verdict> {
        let Atom {
            value,
            about_object,
            slow,
            fails,
        } = self.atom;
        let verdict = if fails {
            Denial::failure(Exception::unavailable("down")).into()
        } else if about_object && !object {
            Verdict::Open
        } else {
            Verdict::from(value)
        };
        if !slow {
            return Decision::Now(verdict);
        }
        let polls = Arc::clone(&self.polls);
        later(async move {
            polls.fetch_add(1, Ordering::Relaxed);
            verdict
        })
    }
}

impl Permission for Leaf {
    fn has_permission(&self, _: &Parts) -> Decision<Verdict> {
        self.answer(false)
    }

    fn has_object_permission(&self, _: &Parts, _: &dyn Any) -> Decision<Verdict> {
        self.answer(true)
    }
}

fn wait(decision: Decision<Verdict>) -> Verdict {
    match decision {
        Decision::Now(verdict) => verdict,
        Decision::Later(future) => {
            let mut future = pin!(future);
            match future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
            {
                Poll::Ready(verdict) => verdict,
                Poll::Pending => panic!("nothing here waits"),
            }
        }
    }
}

fn truth(verdict: &Verdict) -> Truth {
    match verdict {
        Verdict::Allowed => Some(true),
        Verdict::Denied(_) => Some(false),
        Verdict::Open => None,
    }
}

/// Asks `check` about each expression with each choice of `kinds` for its atoms.
fn each(kinds: &[Atom], mut check: impl FnMut(&Expression, &[Atom])) {
    let depth_two = Expression::grown(&Expression::grown(&[Expression::Atom(0)]));
    for expression in &depth_two {
        let atoms = expression.atoms() as u32;
        for choice in 0..kinds.len().pow(atoms) {
            let pick = |n| kinds[choice / kinds.len().pow(n) % kinds.len()];
            let chosen: Vec<_> = (0..atoms).map(pick).collect();
            check(expression, &chosen);
        }
    }
}

fn kinds() -> Vec<Atom> {
    let atom = |bits: u8| Atom {
        value: bits & 1 != 0,
        about_object: bits & 2 != 0,
        slow: bits & 4 != 0,
        fails: false,
    };
    (0..8).map(atom).collect()
}

fn leaves(atoms: &[Atom]) -> Vec<Leaf> {
    let leaf = |&atom| Leaf {
        atom,
        polls: Arc::default(),
    };
    atoms.iter().map(leaf).collect()
}

#[test]
fn every_expression_to_depth_two_is_three_valued_logic() {
    let head = Request::new(()).into_parts().0;
    let mut valuations = 0;
    each(&kinds(), |expression, atoms| {
        for object in [false, true] {
            valuations += 1;
            let leaves = leaves(atoms);
            let permission = expression.permission(&leaves);
            let decision = if object {
                permission.has_object_permission(&head, &())
            } else {
                permission.has_permission(&head)
            };
            let known = |n: usize| {
                let atom = atoms[n];
                (object || !atom.about_object).then_some(atom.value)
            };
            let cheaply = |n: usize| known(n).filter(|_| !atoms[n].slow);
            let verdict = truth(&wait(decision));
            assert_eq!(
                verdict,
                expression.truth(&known),
                "{expression:?} {atoms:?}"
            );
            if object {
                assert!(verdict.is_some());
            }
            if expression.truth(&cheaply).is_some() {
                let polls = |leaf: &Leaf| leaf.polls.load(Ordering::Relaxed);
                let polls: usize = leaves.iter().map(polls).sum();
                assert_eq!(polls, 0, "a cheap part decides: {expression:?} {atoms:?}");
            }
        }
    });
    assert!(valuations > 50_000, "{valuations}");
}

#[test]
fn no_expression_turns_a_failure_into_a_yes_or_a_no() {
    let head = Request::new(()).into_parts().0;
    let mut kinds: Vec<_> = kinds()
        .into_iter()
        .filter(|atom| !atom.about_object)
        .collect();
    kinds.extend([false, true].map(|slow| Atom {
        value: false,
        about_object: false,
        slow,
        fails: true,
    }));
    each(&kinds, |expression, atoms| {
        let permission = expression.permission(&leaves(atoms));
        let verdict = wait(permission.has_permission(&head));
        let failed = matches!(&verdict, Verdict::Denied(denial) if denial.exception().is_some());
        // Without what fails: the answer that would have come whatever it had said.
        let certain = expression.truth(&|n| Some(atoms[n].value).filter(|_| !atoms[n].fails));
        assert!(
            failed || truth(&verdict) == certain,
            "{expression:?} {atoms:?}: {verdict:?}"
        );
        if certain.is_none() {
            assert!(failed, "{expression:?} {atoms:?}: {verdict:?}");
        }
    });
}
