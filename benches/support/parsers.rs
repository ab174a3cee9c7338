//! What reads text: the parsers behind the gates, by themselves.

use std::{hint::black_box, sync::Arc};

use gatefold::{
    negotiation::{AcceptLanguage, JsonRenderer, Offer, Offers, choose, choose_encoding},
    permissions::Permission,
    throttling::{Claims, Limits, MemoryStore, Rate, Store},
    versioning::{AcceptHeaderVersioning, QueryParameterVersioning, UrlPathVersioning},
};
use gatefold_core::{Accepted, Clock, Data, RenderContext, Renderer};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use super::{
    Measure, Work, call,
    gates::{CHROME, five, identified, suffixes, two_rates},
    measure,
};

pub const JSON: &str = "application/json";
pub const STAR: &str = "*/*";
pub const EIGHT_Q: &str = "application/json;q=0.1, application/xml;q=0.2, text/html;q=0.3, \
     text/plain;q=0.4, image/png;q=0.5, image/webp;q=0.6, text/csv;q=0.7, audio/ogg;q=0.8";
pub const VENDOR: &str = "application/vnd.example.v2+json; profile=full; charset=utf-8, \
     application/json;q=0.5, */*;q=0.1";

pub const PARSERS: &[Measure] = &[
    measure("nothing", || call(|| ())),
    measure("nothing/allocated", || call(|| Box::new(black_box(1)))),
    measure("accept/json", || chosen(JSON)),
    measure("accept/star", || chosen(STAR)),
    measure("accept/chrome", || chosen(CHROME)),
    measure("accept/eight-q", || chosen(EIGHT_Q)),
    measure("accept/vendor", || chosen(VENDOR)),
    measure("accept/chrome/known", || {
        let offers = Offers::new(offers());
        call(move || {
            offers
                .choose([black_box(CHROME)])
                .map(|chosen| chosen.offer())
        })
    }),
    measure("accept/ranges-10000", || {
        let (line, offers) = (ten_thousand_ranges(), offers());
        call(move || choose([black_box(&line)], &offers).map(|chosen| chosen.offer()))
    }),
    measure("language/best", || {
        call(|| AcceptLanguage::read([black_box("de-CH, fr;q=0.8, *;q=0.1")]).best(&["en", "de"]))
    }),
    measure("encoding/best", || {
        call(|| {
            choose_encoding(
                [black_box("gzip, deflate, br")],
                &["br", "gzip", "identity"],
            )
        })
    }),
    measure("render/hundred", || {
        let json = JsonRenderer::new();
        let accepted = Accepted::new(json.media_type().clone(), Arc::new(json));
        let (list, headers) = (hundred(), HeaderMap::new());
        call(move || {
            let context = RenderContext::new(StatusCode::OK, &headers, &accepted);
            accepted
                .renderer()
                .render(&Data::new(black_box(&list)), &context)
        })
    }),
    measure("render/hundred/to-vec", || {
        let list = hundred();
        call(move || serde_json::to_vec(black_box(&list)))
    }),
    measure("suffix/hit", || suffix("/tasks/4.json")),
    measure("suffix/miss", || suffix("/tasks/4")),
    measure("suffix/miss/dot", || suffix("/files/report.2026.pdf")),
    measure("version/accept", || {
        let scheme = AcceptHeaderVersioning::new(["1.0", "2.0"]);
        let line = HeaderValue::from_static("application/json; version=2.0");
        call(move || {
            black_box(scheme.read([black_box(&line)]));
        })
    }),
    measure("version/path", || {
        let scheme = UrlPathVersioning::new(["v1", "v2"]).template("/{version}");
        let scheme = scheme.expect("a template");
        call(move || {
            black_box(scheme.read(black_box("/v2/tasks/4")));
        })
    }),
    measure("version/query", || {
        let scheme = QueryParameterVersioning::new(["1", "2"]);
        call(move || {
            black_box(scheme.read(black_box("page=3&version=2")));
        })
    }),
    measure("rate/per-minute", || {
        call(|| black_box("60/min").parse::<Rate>())
    }),
    measure("rate/thirty-seconds", || {
        call(|| black_box("5/30s").parse::<Rate>())
    }),
    measure("permission/five", || {
        let (head, _) = identified().into_parts();
        let permission: std::sync::Arc<dyn Permission> = std::sync::Arc::new(five());
        call(move || permission.has_permission(black_box(&head)))
    }),
    measure("store/one-rate", || hot([Rate::per_second(100_000_000)])),
    measure("store/two-rates", || hot(two_rates())),
    measure("store/two-rates/refused", || {
        hot([Rate::per_day(1), Rate::per_day(2)])
    }),
];

/// JSON, HTML and a vendor's JSON with two parameters.
pub fn offers() -> Vec<Offer> {
    [
        "application/json",
        "text/html",
        "application/vnd.example.v2+json; profile=full; charset=utf-8",
    ]
    .iter()
    .map(|offer| Offer::new(&offer.parse().expect("a media type")))
    .collect()
}

/// Ten thousand ranges that no offer is named by.
pub fn ten_thousand_ranges() -> String {
    let ranges: Vec<_> = (0..10_000).map(|n| format!("a/b{n};q=0.5")).collect();
    ranges.join(", ")
}

#[derive(serde::Serialize)]
struct Item {
    id: u64,
    title: &'static str,
    done: bool,
}

/// A list as an API returns it.
fn hundred() -> Vec<Item> {
    let item = |id| Item {
        id,
        title: "milk and bread",
        done: id % 2 == 0,
    };
    (0..100).map(item).collect()
}

fn chosen(accept: &'static str) -> Work {
    let offers = offers();
    call(move || choose([black_box(accept)], &offers).map(|chosen| chosen.offer()))
}

fn suffix(path: &'static str) -> Work {
    let layer = suffixes();
    let uri = Uri::from_static(path);
    call(move || layer.rewrite(black_box(&uri)))
}

/// A key that is asked for again and again, its hash and the clock included.
fn hot<const N: usize>(rates: [Rate; N]) -> Work {
    let store = MemoryStore::new(1000);
    let limits = Limits::new("user", rates).expect("rates");
    let clock = Clock::system();
    call(move || {
        let mut claims = Claims::new(*store.hasher());
        claims.add(&limits, black_box("alice"));
        store.decide(&claims, clock.nanos())
    })
}
