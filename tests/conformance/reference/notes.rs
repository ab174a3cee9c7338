//! The views on notes: one note, the generic list, DRF's router.

use gatefold::permissions::Guard;
use gatefold::{ErrorDetail, Exception};
use http::StatusCode;

use super::{
    answer::Answer, call::Call, config::Note, handlers::describe, json::Json, links, world,
};

/// Looks the note up, asks for the object, answers.
pub(crate) async fn note(call: &Call) -> Answer {
    let id = call.parameter("pk").and_then(|pk| pk.parse().ok());
    let Some(note) = id.and_then(|id| call.place.world.note(id)) else {
        settle(call);
        return Exception::not_found().into();
    };
    if let Some(guard) = Guard::of(&call.head)
        && let Err(exception) = guard.object(note).await
    {
        return exception.into();
    }
    match call.method() {
        "DELETE" => Answer::no_content(),
        "GET" => Answer::ok(shown(note)),
        _ => {
            let Json::Object(mut entries) = shown(note) else {
                return Answer::Crash("a note is an object".to_owned());
            };
            entries.push(("changed".to_owned(), Json::Bool(true)));
            Answer::ok(Json::Object(entries))
        }
    }
}

/// Says that there is no object in this request.
pub(crate) fn settle(call: &Call) {
    if let Some(guard) = Guard::of(&call.head) {
        guard.no_object();
    }
}

fn shown(note: &Note) -> Json {
    Json::object([
        ("id", Json::number(note.id)),
        ("title", Json::text(note.title.as_str())),
        ("owner", Json::text(note.owner.as_str())),
    ])
}

/// The generic list-and-create view.
pub(crate) fn generic(call: &Call) -> Answer {
    match call.method() {
        "GET" => Answer::ok(Json::List(
            call.place.world.config.notes.iter().map(shown).collect(),
        )),
        "POST" => match call.data().and_then(|data| title(&data)) {
            Ok(title) => Answer::with(
                StatusCode::CREATED,
                Json::object([
                    ("id", Json::number(99)),
                    ("title", Json::Text(title)),
                    ("owner", Json::text("")),
                ]),
            ),
            Err(exception) => exception.into(),
        },
        "OPTIONS" => {
            let mut described = describe(call, "Notes", "Lists and creates notes.");
            let may_post = call.user().is_some_and(|user| world::may(user, "add"));
            if let (true, Json::Object(entries)) = (may_post, &mut described) {
                let actions = Json::object([("POST", fields())]);
                entries.push(("actions".to_owned(), actions));
            }
            Answer::ok(described)
        }
        _ => call.not_allowed(),
    }
}

fn title(data: &Json) -> Result<String, Exception> {
    let invalid = |message: String| {
        let detail = ErrorDetail::fields([("title", ErrorDetail::from(vec![message]))]);
        Exception::validation(detail)
    };
    let title = match data.get("title") {
        None => return Err(invalid("This field is required.".to_owned())),
        Some(Json::Null) => return Err(invalid("This field may not be null.".to_owned())),
        Some(Json::Text(title)) => title.trim().to_owned(),
        Some(Json::Number(number)) => number.clone(),
        // A form's fields are lists; the last value counts.
        Some(Json::List(list)) if matches!(list.last(), Some(Json::Text(_))) => match list.last() {
            Some(Json::Text(text)) => text.trim().to_owned(),
            _ => String::new(),
        },
        Some(_) => return Err(invalid("Not a valid string.".to_owned())),
    };
    match title.chars().count() {
        0 => Err(invalid("This field may not be blank.".to_owned())),
        length if length > 100 => Err(invalid(
            "Ensure this field has no more than 100 characters.".to_owned(),
        )),
        _ => Ok(title),
    }
}

fn fields() -> Json {
    let field = |kind: &str, required: bool, label: &str| {
        vec![
            ("type".to_owned(), Json::text(kind)),
            ("required".to_owned(), Json::Bool(required)),
            ("read_only".to_owned(), Json::Bool(!required)),
            ("label".to_owned(), Json::text(label)),
        ]
    };
    let mut title = field("string", true, "Title");
    title.push(("max_length".to_owned(), Json::number(100)));
    Json::object([
        ("id", Json::Object(field("integer", false, "ID"))),
        ("title", Json::Object(title)),
        ("owner", Json::Object(field("string", false, "Owner"))),
    ])
}

/// DRF's `DefaultRouter` with the one resource `notes`.
pub(crate) fn router(call: &Call) -> Answer {
    let format = || super::handlers::format(call);
    match (call.hit.view, call.method()) {
        ("root", "GET") => links::root(call),
        ("list", "GET") => Answer::ok(Json::object([
            ("format", format()),
            ("action", Json::text("list")),
        ])),
        ("list", "POST") => Answer::with(
            StatusCode::CREATED,
            Json::object([("action", Json::text("create"))]),
        ),
        ("detail", "GET") => Answer::ok(Json::object([
            ("format", format()),
            ("action", Json::text("retrieve")),
            ("pk", Json::text(call.parameter("pk").unwrap_or_default())),
        ])),
        ("detail", "DELETE") => Answer::no_content(),
        ("list", "OPTIONS") => Answer::ok(describe(call, "Notes List", "")),
        ("detail", "OPTIONS") => Answer::ok(describe(call, "Notes Instance", "")),
        ("root", "OPTIONS") => Answer::ok(describe(
            call,
            "Api Root",
            "The default basic root view for DefaultRouter",
        )),
        _ => call.not_allowed(),
    }
}
