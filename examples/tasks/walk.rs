//! A walk through the API: what to send, and the status of each answer.

/// One request of the walk.
pub(crate) struct Step {
    pub(crate) what: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: &'static str,
    pub(crate) status: u16,
}

/// The walk, for these tokens of Alice and Bob.
pub(crate) fn walk(alice: &str, bob: &str) -> Vec<Step> {
    let step = |what, method, path, status| Step {
        what,
        method,
        path,
        headers: Vec::new(),
        body: "",
        status,
    };
    let accept = |value: &str| ("Accept", value.to_owned());
    let json = || ("Content-Type", "application/json".to_owned());
    let token = |token: &str| ("Authorization", format!("Token {token}"));
    let with = |mut step: Step, headers: &[(&'static str, String)], body| {
        step.headers = headers.to_vec();
        step.body = body;
        step
    };
    let task = r#"{"title": "Paint the door"}"#;
    vec![
        step("the API root, with links", "GET", "/", 200),
        step("list", "GET", "/tasks", 200),
        with(
            step("create with a token", "POST", "/tasks", 201),
            &[token(alice), json()],
            task,
        ),
        with(
            step("create as nobody", "POST", "/tasks", 401),
            &[json()],
            task,
        ),
        with(
            step("a wrong token", "GET", "/tasks", 401),
            &[token("nonsense")],
            "",
        ),
        step("retrieve", "GET", "/tasks/1", 200),
        with(
            step("update as the owner", "PUT", "/tasks/1", 200),
            &[token(alice), json()],
            r#"{"title": "Write the report", "done": true}"#,
        ),
        with(
            step("update a part as the owner", "PATCH", "/tasks/1", 200),
            &[token(alice), json()],
            r#"{"done": false}"#,
        ),
        with(
            step("update another's task", "PATCH", "/tasks/1", 403),
            &[token(bob), json()],
            r#"{"done": true}"#,
        ),
        with(
            step("nothing valid", "POST", "/tasks", 400),
            &[token(alice), json()],
            r#"{"title": ""}"#,
        ),
        with(
            step("a body of another type", "POST", "/tasks", 415),
            &[token(alice), ("Content-Type", "text/csv".to_owned())],
            "Paint the door",
        ),
        with(
            step("a form that is not there", "GET", "/tasks", 406),
            &[accept("image/png")],
            "",
        ),
        step("no such task", "GET", "/tasks/99", 404),
        step("no such path", "GET", "/nowhere", 404),
        with(
            step("a method that is not there", "DELETE", "/tasks", 405),
            &[token(alice)],
            "",
        ),
        step("JSON by the suffix", "GET", "/tasks.json", 200),
        step("HTML by the query", "GET", "/tasks?format=html", 200),
        with(
            step("HTML as a browser asks", "GET", "/tasks", 200),
            &[accept("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")],
            "",
        ),
        with(
            step("version 2", "GET", "/tasks/2", 200),
            &[accept("application/json; version=2")],
            "",
        ),
        with(
            step("a version that is not there", "GET", "/tasks/2", 406),
            &[accept("application/json; version=9")],
            "",
        ),
        with(
            step("a report, twice a minute", "GET", "/report", 200),
            &[token(bob)],
            "",
        ),
        with(step("the second", "GET", "/report", 200), &[token(bob)], ""),
        with(
            step("the third, with Retry-After", "GET", "/report", 429),
            &[token(bob)],
            "",
        ),
        with(
            step("delete as the owner", "DELETE", "/tasks/1", 204),
            &[token(alice)],
            "",
        ),
    ]
}
