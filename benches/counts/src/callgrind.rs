use std::{
    collections::HashMap,
    env, fmt, fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, exit, id},
};

use crate::work::TIMES;

/// Inside this function callgrind counts. A pattern, and not the name again: callgrind 3.19 forgets
/// one of two options that it is given with the same name.
const COUNTED: &str = "*work*counted*";

/// After this function callgrind writes a part of its output.
const DUMPED: &str = "gatefold_counts::work::counted";

/// What the compiler calls for an allocation. Each is a single jump, so the instructions of these
/// functions themselves are the number of allocations. (callgrind's own numbers of calls will not do:
/// they go on while collection is off.)
const ALLOCATE: [&str; 3] = [
    "__rustc::__rust_alloc",
    "__rustc::__rust_alloc_zeroed",
    "__rustc::__rust_realloc",
];

/// The cost of doing something once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Count {
    pub(crate) instructions: u64,
    /// In hundredths: a table that grows at every tenth call allocates a tenth each time.
    pub(crate) allocations: u64,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            instructions,
            allocations,
        } = self;
        write!(f, "{instructions:>8} instructions, ")?;
        write!(f, "{:>2} allocations", allocations / 100)?;
        match allocations % 100 {
            0 => Ok(()),
            rest => write!(f, " and {rest} hundredths"),
        }
    }
}

/// A part of callgrind's output: what one run of the counted function cost.
#[derive(Debug, Default)]
struct Part {
    /// The instructions of each function itself, without what it calls.
    own: HashMap<String, u64>,
}

impl Part {
    fn instructions(&self) -> u64 {
        self.own.values().sum()
    }

    /// The allocations, by the function and whatever callers callgrind added to its name.
    fn allocations(&self) -> HashMap<String, u64> {
        let own = self.own.iter();
        let allocating = own.filter(|(function, _)| {
            ALLOCATE.contains(&function.split('\'').next().unwrap_or_default())
        });
        allocating
            .map(|(function, times)| (function.clone(), *times))
            .collect()
    }
}

/// Counts the measure `name`.
pub(crate) fn count(name: &str) -> Count {
    let [once, twice] = parts(name, &[]);
    let allocations = |part: &Part| 100 * part.allocations().values().sum::<u64>();
    let per_call = |more: u64, less: u64| (more - less + TIMES as u64 / 2) / TIMES as u64;
    Count {
        instructions: per_call(twice.instructions(), once.instructions()),
        allocations: per_call(allocations(&twice), allocations(&once)),
    }
}

/// Prints where one call spends its instructions, and who allocates.
pub(crate) fn show_where(name: &str) {
    let callers = ALLOCATE.map(|function| format!("--separate-callers7={function}"));
    let [once, twice] = parts(name, &callers);
    println!("instructions of the function itself");
    show(&once.own, &twice.own, 1.0);
    println!("allocations, with those who called for them");
    show(&once.allocations(), &twice.allocations(), 0.01);
}

/// Prints the entries of `twice` beyond `once`, per call, from the greatest down to `least`.
fn show(once: &HashMap<String, u64>, twice: &HashMap<String, u64>, least: f64) {
    let less = |what: &String| once.get(what).copied().unwrap_or_default();
    let mut more: Vec<_> = twice
        .iter()
        .map(|(what, more)| (more.saturating_sub(less(what)), what))
        .collect();
    more.sort_unstable_by(|one, other| other.cmp(one));
    for (times, what) in more.into_iter().take(60) {
        let per_call = times as f64 / TIMES as f64;
        if per_call >= least {
            println!("{per_call:>10.1}  {what}");
        }
    }
}

/// Runs this program under callgrind and reads the parts for N and 2N repetitions.
///
/// Its name and its environment are the same wherever it lies: both lie in its memory, and move what
/// comes after them.
fn parts(name: &str, more_options: &[String]) -> [Part; 2] {
    let folder = format!("gatefold-counts-{}-{}", id(), name.replace('/', "-"));
    let folder = env::temp_dir().join(folder);
    let made = fs::create_dir_all(&folder)
        .and_then(|()| env::current_exe())
        .and_then(|program| symlink(program, folder.join("counts")));
    if let Err(error) = made {
        fail(&format!("{}: {error}", folder.display()));
    }
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .args(["--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--dump-after={DUMPED}"))
        .arg("--callgrind-out-file=out")
        .args(more_options)
        .args(["./counts", "--work", name])
        .current_dir(&folder)
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .output();
    match ran {
        Ok(ran) if ran.status.success() => {}
        Ok(ran) => fail(&format!("{name}: {}", String::from_utf8_lossy(&ran.stderr))),
        Err(error) => fail(&format!(
            "valgrind does not run ({error}): is it installed?"
        )),
    }
    let parts = ["out.2", "out.3"].map(|part| read(&folder.join(part)));
    let _ = fs::remove_dir_all(folder);
    if parts[0].instructions() == 0 {
        fail(&format!(
            "callgrind found no function `{DUMPED}`: was the binary stripped?"
        ));
    }
    parts
}

/// Reads one part, in the format of valgrind's manual, section "Callgrind Format Specification".
fn read(path: &Path) -> Part {
    let Ok(text) = fs::read_to_string(path) else {
        fail(&format!("callgrind wrote no {}", path.display()));
    };
    let mut part = Part::default();
    let (mut function, mut is_call) = ("", false);
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            function = name;
        } else if line.starts_with("calls=") {
            // The next line is the cost of the callee, which has lines of its own.
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let cost = line
                .split_once(' ')
                .map_or(0, |(_, cost)| first_number(cost));
            if !std::mem::take(&mut is_call) {
                *part.own.entry(function.to_owned()).or_default() += cost;
            }
        }
    }
    part
}

fn first_number(text: &str) -> u64 {
    let number = text.split(' ').next().unwrap_or_default();
    number.parse().unwrap_or_default()
}

fn fail(why: &str) -> ! {
    eprintln!("gatefold-counts: {why}");
    exit(1)
}
