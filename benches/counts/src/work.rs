use crate::{
    beside::BESIDE,
    jwt::JWT,
    support::{
        Measure, Work, gates::GATES, parsers::PARSERS, permissions::PERMISSIONS, stack::STACK,
        versions::VERSIONS,
    },
    tokens::TOKENS,
};

/// How often a measure is repeated: first once, so that what is made on first use is there, then
/// N and 2N times.
pub(crate) const TIMES: usize = 100;

fn measures() -> impl Iterator<Item = &'static Measure> {
    let lists = [
        GATES,
        PARSERS,
        PERMISSIONS,
        STACK,
        TOKENS,
        JWT,
        VERSIONS,
        BESIDE,
    ];
    lists.into_iter().flatten()
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    measures().map(|measure| measure.name)
}

/// Does the work of the measure `name`, to be counted from outside.
///
/// On a thread, whose stack begins at a whole page: the main thread's lies behind the environment
/// and the path of this program, and `memcpy` takes longer for one alignment than for another.
pub(crate) fn run(name: &str) {
    let measure = measures().find(|measure| measure.name == name);
    let measure = measure.unwrap_or_else(|| panic!("there is no measure `{name}`"));
    if std::thread::spawn(|| work(measure)).join().is_err() {
        std::process::exit(1);
    }
}

fn work(measure: &Measure) {
    match (measure.make)() {
        Work::Call(mut once) => repeatedly(|_| (), |()| once()),
        Work::Request {
            request,
            mut service,
        } => {
            let requests = |times| (0..times).map(|_| request()).collect::<Vec<_>>();
            repeatedly(requests, |requests| {
                if let Some(request) = requests.pop() {
                    service(request);
                }
            });
        }
    }
}

/// Each repetition is a part of its own in callgrind's output.
fn repeatedly<P>(prepare: impl Fn(usize) -> P, mut once: impl FnMut(&mut P)) {
    for times in [1, TIMES, 2 * TIMES] {
        let mut prepared = prepare(times);
        counted(times, &mut || once(&mut prepared));
    }
}

/// The one function inside which callgrind counts: it is named in `callgrind.rs`.
#[inline(never)]
fn counted(times: usize, once: &mut dyn FnMut()) {
    for _ in 0..times {
        once();
    }
}
