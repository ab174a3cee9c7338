//! Choosing, against a slow reading of RFC 9110 that shares nothing with it.

use gatefold_negotiation::{Offer, Offers, choose};
use proptest::prelude::*;

const TYPES: [&str; 6] = [
    "application/json",
    "text/html",
    "text/html;level=1",
    "application/vnd.example+json;v=\"2,0\"",
    "a/b",
    "text/csv",
];

/// The pieces between separators that stand outside quotes.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut pieces, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for character in text.chars() {
        if character == separator && !quoted {
            pieces.push(String::new());
            continue;
        }
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        pieces.last_mut().expect("never empty").push(character);
    }
    pieces
}

fn is_token(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(is_part)
}

fn unquoted(text: &str) -> Option<String> {
    let Some(inside) = text.strip_prefix('"') else {
        return is_token(text).then(|| text.to_owned());
    };
    let inside = inside.strip_suffix('"')?;
    let (mut value, mut characters) = (String::new(), inside.chars());
    while let Some(character) = characters.next() {
        value.push(match character {
            '\\' => characters.next()?,
            '"' => return None,
            other => other,
        });
    }
    Some(value)
}

/// Precision, parameters met and weight, where the range is well-formed and names the type.
fn matched(range: &str, offer: &str) -> Option<(u32, usize, u32)> {
    let pieces = split(range, ';');
    let (main, sub) = pieces[0].trim_matches([' ', '\t']).split_once('/')?;
    let own = split(offer, ';');
    let (own_main, own_sub) = own[0].split_once('/')?;
    let precision = match (main, sub) {
        ("*", "*") => 1,
        (main, "*") if main.eq_ignore_ascii_case(own_main) => 2,
        (main, sub) if main.eq_ignore_ascii_case(own_main) && sub.eq_ignore_ascii_case(own_sub) => {
            3
        }
        _ => return None,
    };
    let (mut met, mut weight) = (0, None);
    for piece in &pieces[1..] {
        let piece = piece.trim_matches([' ', '\t']);
        if piece.is_empty() {
            continue;
        }
        let (name, value) = piece.split_once('=')?;
        if !is_token(name) {
            return None;
        }
        if name.eq_ignore_ascii_case("q") {
            let well_formed = matches!(value.as_bytes(), [b'0' | b'1'] | [b'0' | b'1', b'.', ..])
                && value.len() <= 5
                && value[1..].chars().skip(1).all(|c| c.is_ascii_digit());
            let thousandths = (value.parse::<f64>().ok().filter(|_| well_formed)? * 1000.0).round();
            if weight.is_some() || thousandths > 1000.0 {
                return None;
            }
            weight = Some(thousandths as u32);
            continue;
        }
        let value = unquoted(value)?;
        let same = |own: &String| {
            let (own_name, own_value) = own.split_once('=').expect("a parameter");
            own_name.eq_ignore_ascii_case(name) && unquoted(own_value) == Some(value.clone())
        };
        if !own[1..].iter().any(same) {
            return None;
        }
        met += 1;
    }
    Some((precision, met, weight.unwrap_or(1000)))
}

fn slowly(lines: &[String], types: &[&str]) -> Option<usize> {
    let elements: Vec<_> = lines
        .iter()
        .flat_map(|line| split(line, ','))
        .filter(|element| !element.trim_matches([' ', '\t']).is_empty())
        .collect();
    if elements.is_empty() {
        return (!types.is_empty()).then_some(0);
    }
    let mut best: Option<((u32, u32, usize), usize)> = None;
    for (at, offer) in types.iter().enumerate() {
        let most = elements
            .iter()
            .filter_map(|range| matched(range, offer))
            .max();
        let Some((precision, met, weight)) = most.filter(|most| most.2 > 0) else {
            continue;
        };
        let rank = (weight, precision, met);
        if best.is_none_or(|(other, _)| rank > other) {
            best = Some((rank, at));
        }
    }
    best.map(|(_, at)| at)
}

fn line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(
            &[
                "*/*",
                "text/*",
                "text/html",
                "TEXT/HTML",
                "application/json",
                "application/*",
                "application/vnd.example+json",
                "a/b",
                "a/*",
                "image/webp",
                "text/htmlx",
                "*",
                "*/b",
                ",",
                ", ",
                " ,",
                ";q=0",
                ";q=0.5",
                ";Q=1",
                ";q=0.333",
                ";q=1.001",
                "; q=0.8",
                ";q =1",
                ";level=1",
                "; v=\"2,0\"",
                ";v=\"2\\,0\"",
                ";v=2",
                "\"",
                " ",
                ";",
                "\t",
            ][..],
        )
        .prop_map(str::to_owned),
        "[ -~]{0,3}",
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_fast_way_and_the_slow_way_agree(
        lines in proptest::collection::vec(line(), 0..3),
        types in proptest::sample::subsequence(&TYPES[..], 0..=TYPES.len()).prop_shuffle(),
    ) {
        // A quotation that never ends swallows its line: here the two may differ in what is
        // malformed anyway.
        prop_assume!(lines.iter().all(|line| !line.contains('"') || balanced(line)));
        let offers: Vec<_> = types.iter().map(|name| Offer::new(&name.parse().unwrap())).collect();
        let wanted = slowly(&lines, &types);
        prop_assert_eq!(choose(&lines, &offers).map(|chosen| chosen.offer()), wanted);
        let offers = Offers::new(offers);
        prop_assert_eq!(offers.choose(&lines).map(|chosen| chosen.offer()), wanted);
    }
}

/// Whether all quotes are in pairs and no escape stands before an end.
fn balanced(line: &str) -> bool {
    split(&format!("{line},"), ',')
        .last()
        .is_some_and(String::is_empty)
}

#[test]
fn the_oracle_can_tell() {
    assert_eq!(
        slowly(&["text/html;q=0, */*;q=0.1".into()], &TYPES[..2]),
        Some(0)
    );
    assert_eq!(slowly(&["text/html;level=1".into()], &TYPES[..3]), Some(2));
    assert_eq!(slowly(&["image/png".into()], &TYPES), None);
}
