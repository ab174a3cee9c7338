//! Cases that nobody here wrote: what a running Django REST Framework answered, what
//! specifications say, what attackers try.
//!
//! `GATEFOLD_CONFORMANCE` names a folder of cases (`drf/`, `accept/`, `auth/`, `throttle/`);
//! without it the project's own copy of `drf/` is run. Each area prints one line. With
//! `GATEFOLD_CONFORMANCE_SHOW=20` the first twenty failures of each area follow, with what was
//! wanted and what came; `GATEFOLD_CONFORMANCE_AREA=drf/throttle` keeps to areas that begin so.
//! Nothing is skipped: what cannot be done yet fails and is counted.

mod accept;
mod client_ip;
mod documented;
mod encoding;
mod error_map;
mod exchange;
mod failures;
mod floor;
mod folder;
mod http_auth;
mod http_auth_service;
mod judge;
mod jwt;
mod language;
mod later;
mod lines;
mod page;
mod record;
#[path = "reference/mod.rs"]
mod reference;
mod report;
mod suffix;
mod token_endpoints;
mod version;

use report::{Area, Outcome, say};

/// A file of cases: the area's name, the file, and who judges a line.
type Lines = (
    &'static str,
    &'static str,
    fn(&str) -> (String, Option<Outcome>),
);

const FILES: &[Lines] = &[
    (
        "accept/accept_cases",
        "accept/accept_cases.jsonl",
        accept::judge,
    ),
    (
        "accept/encoding_cases",
        "accept/encoding_cases.jsonl",
        encoding::judge,
    ),
    (
        "accept/language_cases",
        "accept/language_cases.jsonl",
        language::judge,
    ),
    (
        "accept/version_cases",
        "accept/version_cases.jsonl",
        version::judge,
    ),
    (
        "accept/suffix_cases",
        "accept/suffix_cases.jsonl",
        suffix::judge,
    ),
    (
        "accept/error_map",
        "accept/error_map.jsonl",
        error_map::judge,
    ),
    (
        "throttle/client_ip",
        "throttle/client_ip.jsonl",
        client_ip::judge,
    ),
    ("auth/jwt_attacks", "auth/jwt_attacks.jsonl", jwt::judge),
    (
        "auth/http_auth_cases",
        "auth/http_auth_cases.jsonl",
        http_auth::judge,
    ),
    (
        "auth/token_endpoints",
        "auth/token_endpoints.jsonl",
        token_endpoints::judge,
    ),
];

#[test]
fn no_area_falls_below_its_floor() {
    let folder = folder::Folder::find();
    let mut areas = exchange::areas(&folder);
    let mut not_there = Vec::new();
    for &(name, file, judge) in FILES {
        if !report::wanted(name) {
            continue;
        }
        match folder.lines(file) {
            Some(lines) => areas.push(lines::area(name, file, &lines, judge)),
            None => not_there.push(format!("{name}: not there")),
        }
    }
    let mut lines: Vec<_> = areas.iter().map(Area::line).collect();
    lines.append(&mut not_there);
    report::say_together(&lines);
    report::show(&areas);
    if std::env::var("GATEFOLD_CONFORMANCE_PAGE").as_deref() == Ok("write") {
        page::write(&areas).expect("the page can be written");
    }
    keep_floors(&folder, &areas);
}

fn keep_floors(folder: &folder::Folder, areas: &[Area]) {
    let floors = floor::Floors::read();
    if std::env::var("GATEFOLD_CONFORMANCE_FLOOR").as_deref() == Ok("write") {
        let written = floors.unwrap_or_default().write(folder, areas);
        written.expect("the floors can be written");
        return;
    }
    let floors = floors.expect("the floors can be read");
    for name in floors.raised(folder, areas) {
        say(&format!("{name}: not at its floor; write it down"));
    }
    let mut broken = floors.broken(folder, areas);
    let unexpected = areas.iter().filter(|area| area.unexpected() > 0);
    broken.extend(unexpected.map(|area| {
        format!(
            "{}: {} failures that nobody documented",
            area.name,
            area.unexpected()
        )
    }));
    assert!(broken.is_empty(), "{broken:#?}");
}
