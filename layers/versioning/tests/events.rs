//! The event for each use of a deprecated version. It has a process of its own: an event that
//! another test sends while nobody listens would be switched off for good.
#![cfg(feature = "tracing")]

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use gatefold_core::{ManualClock, testing::Strict};
use gatefold_versioning::{LifeCycle, QueryParameterVersioning, Stage, VersioningLayer};
use http::Request;
use tower::{Layer, ServiceExt};
use tracing::{Event, Metadata, Subscriber, field, span};

type Kept = Arc<Mutex<Vec<String>>>;

/// Version 1 is the default, and deprecated since the second day of 1970.
fn versions(hand: &ManualClock) -> LifeCycle {
    let stage = Stage::new().deprecated("1970-01-02").expect("a date");
    let life = LifeCycle::new(QueryParameterVersioning::new(["1", "2"]).default_version("1"));
    let life = life.stage("1", stage).expect("a version that there is");
    life.clock(hand.clock())
}

/// Keeps each event's fields as one line.
struct Lines(Kept);

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().expect("a lock").push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl field::Visit for Line {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{field}={value:?} ");
    }
}

#[tokio::test]
async fn each_use_is_an_event_without_the_query() {
    let (hand, used) = (ManualClock::new(SystemTime::UNIX_EPOCH), Kept::default());
    hand.advance(Duration::from_secs(86_400));
    let _guard = tracing::subscriber::set_default(Lines(Arc::clone(&used)));
    let layer = VersioningLayer::new(versions(&hand));
    let answer = layer.layer(Strict::new()).oneshot(
        Request::get("/tasks?token=s3cret")
            .body(())
            .expect("a request"),
    );
    answer.await.expect("an answer");
    let lines = used.lock().expect("a lock");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("version=\"1\""), "{lines:?}");
    assert!(lines[0].contains("path=\"/tasks\""), "{lines:?}");
    assert!(!lines[0].contains("s3cret"), "{lines:?}");
}
