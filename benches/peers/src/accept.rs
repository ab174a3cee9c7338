//! Other readers of `Accept`, on the same values with the same three offers where they can.
//!
//! axum-accept is an extractor: it reads a head and its offers are fixed in its type. mediatype and
//! mime only parse, so a loop by RFC 9110's rules is written around them here.

use std::hint::black_box;

use axum::extract::FromRequestParts;
use axum_accept::AcceptExtractor;
use criterion::Criterion;
use gatefold::negotiation::{Offers, choose};
use headers::Header;
use headers_accept::Accept;
use http::HeaderValue;
use mediatype::{MediaType, MediaTypeList, ReadParams, names};
use mime::Mime;

use crate::{
    run::bench,
    support::{
        Measure, Work, at_once, call,
        gates::CHROME,
        measure,
        parsers::{EIGHT_Q, JSON, STAR, VENDOR, offers, ten_thousand_ranges},
        with,
    },
};

const OFFERS: [&str; 3] = [
    "application/json",
    "text/html",
    "application/vnd.example.v2+json; profile=full; charset=utf-8",
];

/// The measures of each reader.
macro_rules! on_all {
    ($($reader:ident $name:literal),* $(,)?) => {
        &[$(
            measure(concat!("json/", $name), || $reader(JSON)),
            measure(concat!("star/", $name), || $reader(STAR)),
            measure(concat!("chrome/", $name), || $reader(CHROME)),
            measure(concat!("eight-q/", $name), || $reader(EIGHT_Q)),
            measure(concat!("vendor/", $name), || $reader(VENDOR)),
        )*]
    };
}

const ACCEPT: &[Measure] = on_all![
    ours "ours",
    by_headers_accept "headers-accept",
    by_axum_accept "axum-accept",
    by_mediatype "mediatype",
    by_mime "mime",
    by_parse_net "parse-net",
];

/// What ours remembers, and a header of ten thousand ranges for who reads them all: parse-net
/// stops at 1,024.
const MORE: &[Measure] = &[
    measure("chrome/ours-known", || {
        let offers = Offers::new(offers());
        call(move || {
            offers
                .choose([black_box(CHROME)])
                .map(|chosen| chosen.offer())
        })
    }),
    measure("ranges-10000/ours", || ours(many())),
    measure("ranges-10000/headers-accept", || by_headers_accept(many())),
    measure("ranges-10000/axum-accept", || by_axum_accept(many())),
    measure("ranges-10000/mediatype", || by_mediatype(many())),
    measure("ranges-10000/mime", || by_mime(many())),
];

fn many() -> &'static str {
    ten_thousand_ranges().leak()
}

/// Reading a value of `Accept` and choosing one of three offers.
pub(crate) fn accept(criterion: &mut Criterion) {
    bench(criterion, "accept", ACCEPT);
    bench(criterion, "accept", MORE);
}

fn ours(accept: &'static str) -> Work {
    let offers = offers();
    call(move || choose([black_box(accept)], &offers).map(|chosen| chosen.offer()))
}

fn by_headers_accept(accept: &'static str) -> Work {
    let offers = OFFERS.map(|offer| mediatype_021::MediaType::parse(offer).expect("a media type"));
    let value = HeaderValue::from_static(accept);
    call(move || {
        let accept = Accept::decode(&mut [black_box(&value)].into_iter()).ok()?;
        accept.negotiate(&offers).map(|chosen| chosen.subty)
    })
}

#[derive(AcceptExtractor, Clone, Copy, Debug, Default)]
enum Form {
    #[default]
    #[accept(mediatype = "application/json")]
    Json,
    #[accept(mediatype = "text/html")]
    Html,
    #[accept(mediatype = "application/vnd.example.v2+json; profile=full; charset=utf-8")]
    Vendor,
}

fn by_axum_accept(accept: &'static str) -> Work {
    let (mut head, _) = with("accept", accept).into_parts();
    call(move || at_once(Form::from_request_parts(black_box(&mut head), &())).ok())
}

fn by_parse_net(accept: &'static str) -> Work {
    call(move || parse_net::best_media(Some(black_box(accept.as_bytes())), &OFFERS))
}

/// The highest weight wins, then the earlier offer; for each offer the most specific range counts.
fn best(offers: usize, mut rank: impl FnMut(usize) -> Option<(u8, f32)>) -> Option<usize> {
    let weighed = (0..offers).filter_map(|offer| Some((offer, rank(offer)?.1)));
    let accepted = weighed.filter(|(_, weight)| *weight > 0.0);
    accepted
        .reduce(|best, other| if other.1 > best.1 { other } else { best })
        .map(|(offer, _)| offer)
}

fn by_mediatype(accept: &'static str) -> Work {
    let offers = OFFERS.map(|offer| MediaType::parse(offer).expect("a media type"));
    call(move || {
        let ranges: Vec<_> = MediaTypeList::new(black_box(accept)).flatten().collect();
        best(offers.len(), |offer| {
            let offer = &offers[offer];
            let matching = ranges.iter().filter_map(|range| {
                let precision = match (range.ty == offer.ty, range.subty == offer.subty) {
                    (true, true) => 2,
                    (true, false) if range.subty == names::_STAR => 1,
                    _ if range.ty == names::_STAR => 0,
                    _ => return None,
                };
                let mut parameters = range.params().filter(|(name, _)| *name != names::Q);
                let met = parameters
                    .all(|(name, value)| offer.get_param(name).is_some_and(|own| own == value));
                let weight = range.get_param(names::Q);
                let weight = weight.map_or(Some(1.0), |weight| weight.as_str().parse().ok());
                met.then_some((precision, weight?))
            });
            matching.reduce(|one, other| if other.0 > one.0 { other } else { one })
        })
    })
}

fn by_mime(accept: &'static str) -> Work {
    let offers: [Mime; 3] = OFFERS.map(|offer| offer.parse().expect("a media type"));
    call(move || {
        let ranges: Vec<Mime> = black_box(accept)
            .split(',')
            .filter_map(|range| range.trim().parse().ok())
            .collect();
        best(offers.len(), |offer| {
            let offer = &offers[offer];
            let matching = ranges.iter().filter_map(|range| {
                let ty = range.type_() == offer.type_();
                let subtype =
                    range.subtype() == offer.subtype() && range.suffix() == offer.suffix();
                let precision = match (ty, subtype) {
                    (true, true) => 2,
                    (true, false) if range.subtype() == mime::STAR => 1,
                    _ if range.type_() == mime::STAR => 0,
                    _ => return None,
                };
                let mut parameters = range.params().filter(|(name, _)| *name != "q");
                let met = parameters.all(|(name, value)| offer.get_param(name) == Some(value));
                let weight = range.get_param("q");
                let weight = weight.map_or(Some(1.0), |weight| weight.as_str().parse().ok());
                met.then_some((precision, weight?))
            });
            matching.reduce(|one, other| if other.0 > one.0 { other } else { one })
        })
    })
}
