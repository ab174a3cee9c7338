//! Instructions and heap allocations of every hot path, by callgrind.
//!
//! ```text
//! cargo run --release -p gatefold-counts -- --check     compare with counts.toml, fail on a rise
//! cargo run --release -p gatefold-counts -- --record    measure and rewrite counts.toml
//! cargo run --release -p gatefold-counts -- --where accept/json    which functions they go to
//! ```
//!
//! Each measure runs in a process of its own under callgrind, where collection is on inside one
//! function alone, which repeats the work N and then 2N times; the difference divided by N is the
//! cost of one. `callgrind.rs` says how, `counts.toml` what came out.

mod beside;
mod callgrind;
#[path = "../../support/jwt.rs"]
mod jwt;
mod stored;
#[path = "../../support/mod.rs"]
mod support;
#[path = "../../support/tokens.rs"]
mod tokens;
mod work;

use std::{collections::BTreeMap, env, process::ExitCode, thread};

use callgrind::Count;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--check"] => stored::check(&count_all("")),
        ["--record"] => stored::record(&count_all("")),
        ["--show", part] => {
            for (name, count) in count_all(part) {
                println!("{name:<44}{count}");
            }
            ExitCode::SUCCESS
        }
        ["--where", name] => {
            callgrind::show_where(name);
            ExitCode::SUCCESS
        }
        // What runs under callgrind.
        ["--work", name] => {
            work::run(name);
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: --check | --record | --show PART | --where NAME");
            ExitCode::FAILURE
        }
    }
}

/// Counts the measures with `part` in their names, as many at once as there are cores.
fn count_all(part: &str) -> BTreeMap<&'static str, Count> {
    let names: Vec<_> = work::names().filter(|name| name.contains(part)).collect();
    let hands = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let hands: Vec<_> = (0..hands)
            .map(|hand| {
                let mine = names.iter().skip(hand).step_by(hands);
                scope.spawn(move || -> Vec<_> {
                    mine.map(|name| (*name, callgrind::count(name))).collect()
                })
            })
            .collect();
        hands
            .into_iter()
            .flat_map(|hand| hand.join().unwrap_or_else(|_| std::process::exit(1)))
            .collect::<BTreeMap<_, _>>()
    })
}
