use mime::Mime;

/// Django REST Framework's limits on an `Accept` header.
const MAX_HEADER: usize = 8192;
const MAX_TOKEN: usize = 256;
const MAX_TOKENS: usize = 64;

/// What Django REST Framework chooses: a place in the list, and its two names for the type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DrfChosen {
    pub(crate) offer: usize,
    /// The accepted media type as Django REST Framework spells it.
    pub(crate) written: String,
    /// The same, well-formed; `None` where it cannot be.
    pub(crate) media_type: Option<Mime>,
}

/// Chooses as Django REST Framework 3.18 does: weights are ignored, and so is `q=0`; precision
/// decides, then the server's order; an empty header accepts nothing.
///
/// Between two tokens of equal precision for the same renderer the first counts, where Django REST
/// Framework takes whichever its hash set gives first.
pub(crate) fn choose_drf<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    offers: &[(usize, &Mime)],
) -> Option<DrfChosen> {
    let mut header = String::new();
    let mut present = false;
    for line in lines {
        if present {
            header.push(',');
        }
        present = true;
        // As a WSGI server decodes it: one character a byte.
        header.extend(line.iter().map(|byte| char::from(*byte)));
    }
    let header = if present { cut(&header) } else { "*/*" };
    let tokens: Vec<_> = header
        .split(',')
        .map(str::trim)
        .filter(|token| !token.is_empty() && token.chars().count() <= MAX_TOKEN)
        .take(MAX_TOKENS)
        .map(Token::parse)
        .collect();
    let renderers: Vec<_> = offers
        .iter()
        .map(|(offer, media_type)| (*offer, *media_type, Token::parse(media_type.as_ref())))
        .collect();
    for precision in (0..=3).rev() {
        for (offer, media_type, renderer) in &renderers {
            for token in tokens.iter().filter(|token| token.precision() == precision) {
                if renderer.is_met_by(token) {
                    return Some(chosen(*offer, media_type, renderer, token));
                }
            }
        }
    }
    None
}

fn chosen(offer: usize, media_type: &Mime, renderer: &Token<'_>, token: &Token<'_>) -> DrfChosen {
    let own = renderer.precision() > token.precision();
    let mut written = media_type.to_string();
    let mut well_formed = if own {
        media_type.to_string()
    } else {
        token.essence.clone()
    };
    for (name, value) in &token.parameters {
        written.push_str(&format!(";{name}={value}"));
        if name != "q" && !(own && renderer.parameters.iter().any(|(own, _)| own == name)) {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            well_formed.push_str(&format!("; {name}=\"{value}\""));
        }
    }
    if !own {
        token.written.clone_into(&mut written);
    }
    DrfChosen {
        offer,
        written,
        media_type: well_formed.parse().ok(),
    }
}

fn cut(header: &str) -> &str {
    let Some((end, _)) = header.char_indices().nth(MAX_HEADER) else {
        return header;
    };
    let header = &header[..end];
    header.rsplit_once(',').map_or(header, |(kept, _)| kept)
}

struct Token<'a> {
    written: &'a str,
    essence: String,
    parameters: Vec<(String, String)>,
}

impl<'a> Token<'a> {
    fn parse(written: &'a str) -> Self {
        let mut parts = split_outside_quotes(written);
        let essence = parts.next().unwrap_or_default().trim().to_lowercase();
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let name = name.trim().to_lowercase();
            let value = value.trim();
            let value = match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
                Some(inside) => inside.replace("\\\\", "\\").replace("\\\"", "\""),
                None => value.to_owned(),
            };
            match parameters.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => parameters.push((name, value)),
            }
        }
        Self {
            written,
            essence,
            parameters,
        }
    }

    fn sides(&self) -> (&str, &str) {
        self.essence.split_once('/').unwrap_or((&self.essence, ""))
    }

    fn precision(&self) -> u8 {
        match self.sides() {
            ("*", _) => 0,
            (_, "*") => 1,
            _ if self.parameters.iter().all(|(name, _)| name == "q") => 2,
            _ => 3,
        }
    }

    /// Whether the token has all of this type's parameters, and a type that fits.
    fn is_met_by(&self, token: &Token<'_>) -> bool {
        let fits = |a: &str, b: &str| a == b || a == "*" || b == "*";
        let (own, other) = (self.sides(), token.sides());
        self.parameters
            .iter()
            .filter(|(name, _)| name != "q")
            .all(|own| token.parameters.contains(own))
            && fits(own.0, other.0)
            && fits(own.1, other.1)
    }
}

fn split_outside_quotes(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' => return !quoted,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str, types: &[&str]) -> Option<(usize, String)> {
        let types: Vec<Mime> = types.iter().map(|name| name.parse().unwrap()).collect();
        let offers: Vec<_> = types.iter().enumerate().collect();
        choose_drf([accept.as_bytes()], &offers).map(|chosen| (chosen.offer, chosen.written))
    }

    #[test]
    fn weights_count_for_nothing_and_precision_for_all() {
        let types = ["application/json", "text/html"];
        let json = |written: &str| Some((0, written.to_owned()));
        assert_eq!(
            accepted("application/json;q=0", &types),
            json("application/json;q=0")
        );
        assert_eq!(
            accepted("*/*;q=0.8", &types),
            json("application/json;q=0.8")
        );
        assert_eq!(
            accepted("APPLICATION/JSON ", &types),
            json("APPLICATION/JSON")
        );
        assert_eq!(
            accepted("*/*, text/*", &types).map(|chosen| chosen.0),
            Some(1)
        );
        assert_eq!(accepted("*/html", &types).map(|chosen| chosen.0), Some(1));
        for nothing in ["", " ", "*", "image/png"] {
            assert_eq!(accepted(nothing, &types), None, "{nothing}");
        }
    }

    #[test]
    fn a_renderers_parameters_must_be_in_the_token() {
        let types = ["application/vnd.ref+json; v=1", "application/json"];
        assert_eq!(accepted("application/vnd.ref+json", &types), None);
        let precise = accepted("application/vnd.ref+json; V=1; x=y", &types);
        assert_eq!(
            precise,
            Some((0, "application/vnd.ref+json; V=1; x=y".into()))
        );
        assert_eq!(accepted("*/*; v=1", &types).map(|chosen| chosen.0), Some(0));
    }

    #[test]
    fn the_limits_are_kept() {
        let many = "a/b,".repeat(MAX_TOKENS) + "application/json";
        assert_eq!(accepted(&many, &["application/json"]), None);
        let long = format!("application/json;x={}", "y".repeat(MAX_TOKEN));
        assert_eq!(accepted(&long, &["application/json"]), None);
        let cut_off = format!("application/json,{}", "x".repeat(MAX_HEADER));
        assert!(accepted(&cut_off, &["application/json"]).is_some());
    }
}
