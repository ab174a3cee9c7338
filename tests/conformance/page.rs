//! `docs/conformance.md`, made from a run (`GATEFOLD_CONFORMANCE_PAGE=write`).

use std::{fmt::Write as _, fs, io, path::PathBuf};

use crate::{documented::DIFFERENCES, report::Area};

const HEAD: &str = "# Conformance

Made by a command, not by hand:

```text
GATEFOLD_CONFORMANCE=FOLDER GATEFOLD_CONFORMANCE_PAGE=write cargo test --test conformance
```

`drf/` are exchanges recorded from a running Django REST Framework 3.18.3. The project keeps its own
copy in `tests/conformance/data/drf`, with the page that describes the server
(`ENDPOINTS.md`), so whatever this page says of `drf/` is checked by one command:

```text
cargo test --test conformance
```

It builds that server from gatefold's public layers, with the presets that give Django REST
Framework's behaviour, replays each exchange and compares it by the record's own rules. The other
areas are judged with gatefold's defaults. They need a folder of cases, named by
`GATEFOLD_CONFORMANCE`, with one case a line:

| area | file | what a line is |
|---|---|---|
| `accept/*_cases` | `accept/*.jsonl` | header lines, what there is, the answer wanted |
| `accept/error_map` | `accept/error_map.jsonl` | a failure, its HTTP status, code and gRPC code |
| `auth/jwt_attacks` | `auth/jwt_attacks.jsonl` | a token, a verifier's configuration, accept or reject |
| `auth/http_auth_cases` | `auth/http_auth_cases.jsonl` | a request, the authenticators, the outcome |
| `throttle/client_ip` | `throttle/client_ip.jsonl` | a peer, trusted networks, headers, the client's address |

`GATEFOLD_CONFORMANCE_SHOW=20` shows what failed, `GATEFOLD_CONFORMANCE_DOCUMENTED=1` the documented
differences too, `GATEFOLD_CONFORMANCE_AREA=drf/throttle` keeps to one area.

## Scores

";

const LATER: &str = "
Later work: the group `obtain` of authn, `endpoints` and `flow` of jwt, the area listing, and
`auth/token_endpoints`. They are replayed and counted, and have a floor. Everything else is right, or
differs on purpose; one undocumented difference fails the run.
";

const DIFFER: &str = "
## Differences on purpose

An exchange is documented when it carries the key of a difference and nothing differs but what that
key names. The last column counts the exchanges that differ.

| key | what a user of Django REST Framework has to know | differ |
|---|---|---|
";

const SERVER: &str = "
## Point a client at it

The same server answers over sockets:

```text
cargo run --example drf_reference -- --port 8080
```

Users, tokens, notes and routes are those of `tests/conformance/data/drf/ENDPOINTS.md`. The header
`X-Ref-Reset: 1` goes back to the beginning, `X-Ref-Clock: 59.5` sets the clock. A client that was
written for Django REST Framework finds the same statuses, headers and bodies.
";

/// Writes the page from the scores of a run.
pub(crate) fn write(areas: &[Area]) -> io::Result<()> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/conformance.md");
    fs::write(path, page(areas))
}

fn page(areas: &[Area]) -> String {
    let mut page = HEAD.to_owned();
    page += "| area | right | documented | later work | of |\n|---|---|---|---|---|\n";
    for area in areas {
        let later: usize = area.later.values().map(|score| score.of - score.good).sum();
        let documented = area.differences.len();
        let Area {
            name, good, total, ..
        } = area;
        let _ = writeln!(
            page,
            "| `{name}` | {good} | {documented} | {later} | {total} |"
        );
    }
    page += LATER;
    page += DIFFER;
    for known in DIFFERENCES {
        let differ = areas.iter().flat_map(|area| &area.differences);
        let differ = differ.filter(|(case, _)| quirks(case).any(|quirk| quirk == known.quirk));
        let why = known.why.replace('|', "\\|");
        let _ = writeln!(page, "| `{}` | {why} | {} |", known.quirk, differ.count());
    }
    page + SERVER
}

/// The keys at the end of an exchange's title.
fn quirks(case: &str) -> impl Iterator<Item = &str> {
    let keys = case.rsplit_once(" quirks ").map_or("", |(_, keys)| keys);
    keys.split(", ")
}
