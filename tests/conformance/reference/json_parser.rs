//! Reads [`Json`], strictly: no NaN, no infinities, no text after the value.

use super::json::Json;

/// Reads one value. The error is a sentence that begins as Python's does.
pub(crate) fn parse(text: &str) -> Result<Json, String> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    parser.space();
    let value = parser.value()?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.error("Extra data"));
    }
    Ok(value)
}

/// Deeper nesting is refused: Python's own parser gives up at about this depth.
const DEEPEST: usize = 900;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn error(&self, what: &str) -> String {
        let chars = self.text[..self.at].chars().count();
        let line = self.text[..self.at].matches('\n').count() + 1;
        let column = match self.text[..self.at].rfind('\n') {
            Some(end) => self.text[end + 1..self.at].chars().count() + 1,
            None => chars + 1,
        };
        format!("{what}: line {line} column {column} (char {chars})")
    }

    fn space(&mut self) {
        let rest = self.rest();
        let kept = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.at += rest.len() - kept.len();
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn value(&mut self) -> Result<Json, String> {
        for token in ["NaN", "Infinity", "-Infinity"] {
            if self.rest().starts_with(token) {
                return Err(format!(
                    "Out of range float values are not JSON compliant: '{token}'"
                ));
            }
        }
        match self.rest().bytes().next() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.eat("null") => Ok(Json::Null),
            _ if self.eat("true") => Ok(Json::Bool(true)),
            _ if self.eat("false") => Ok(Json::Bool(false)),
            _ => Err(self.error("Expecting value")),
        }
    }

    fn nested(&mut self, read: impl Fn(&mut Self) -> Result<Json, String>) -> Result<Json, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("Nested too deeply"));
        }
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Result<Json, String> {
        let mut list = Vec::new();
        self.space();
        if self.eat("]") {
            return Ok(Json::List(list));
        }
        loop {
            self.space();
            list.push(self.value()?);
            self.space();
            if self.eat("]") {
                return Ok(Json::List(list));
            }
            if !self.eat(",") {
                return Err(self.error("Expecting ',' delimiter"));
            }
        }
    }

    fn object(&mut self) -> Result<Json, String> {
        let mut entries: Vec<(String, Json)> = Vec::new();
        self.space();
        if self.eat("}") {
            return Ok(Json::Object(entries));
        }
        loop {
            self.space();
            if !self.rest().starts_with('"') {
                return Err(self.error("Expecting property name enclosed in double quotes"));
            }
            let key = self.string()?;
            self.space();
            if !self.eat(":") {
                return Err(self.error("Expecting ':' delimiter"));
            }
            self.space();
            let value = self.value()?;
            match entries.iter_mut().find(|(known, _)| *known == key) {
                Some(entry) => entry.1 = value,
                None => entries.push((key, value)),
            }
            self.space();
            if self.eat("}") {
                return Ok(Json::Object(entries));
            }
            if !self.eat(",") {
                return Err(self.error("Expecting ',' delimiter"));
            }
        }
    }

    fn number(&mut self) -> Result<Json, String> {
        let rest = self.rest();
        let mut end = usize::from(rest.starts_with('-'));
        let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
        match digits(end) {
            0 => return Err(self.error("Expecting value")),
            _ if rest[end..].starts_with('0') => end += 1,
            count => end += count,
        }
        if rest[end..].starts_with('.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if rest[end..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
            let count = digits(end + 1 + sign);
            if count > 0 {
                end += 1 + sign + count;
            }
        }
        let text = rest[..end].to_owned();
        if text.contains(['.', 'e', 'E']) && text.parse::<f64>().is_ok_and(f64::is_infinite) {
            return Err(format!(
                "Out of range float values are not JSON compliant: '{text}'"
            ));
        }
        self.at += end;
        Ok(Json::Number(text))
    }

    fn string(&mut self) -> Result<String, String> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                self.at = start;
                return Err(self.error("Unterminated string starting at"));
            };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                '\\' => out.push(self.escape(start)?),
                c if c < ' ' => return Err(self.error("Invalid control character at")),
                c => {
                    self.at += c.len_utf8();
                    out.push(c);
                }
            }
        }
    }

    fn escape(&mut self, start: usize) -> Result<char, String> {
        self.at += 1;
        let Some(c) = self.rest().chars().next() else {
            self.at = start;
            return Err(self.error("Unterminated string starting at"));
        };
        let plain = match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode(),
            _ => {
                self.at -= 1;
                return Err(self.error("Invalid \\escape"));
            }
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, String> {
        let high = self.four()?;
        let code = if (0xd800..0xdc00).contains(&high) && self.rest().starts_with("\\u") {
            self.at += 1;
            let low = self.four()?;
            0x1_0000 + ((high - 0xd800) << 10) + low.wrapping_sub(0xdc00)
        } else {
            high
        };
        // A lone surrogate is no character. DRF accepts it and fails when it answers.
        char::from_u32(code).ok_or_else(|| self.error("Invalid \\uXXXX escape"))
    }

    /// After the backslash, at the `u`.
    fn four(&mut self) -> Result<u32, String> {
        let hex = self
            .rest()
            .get(1..5)
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()) else {
            return Err(self.error("Invalid \\uXXXX escape"));
        };
        self.at += 5;
        Ok(code)
    }
}
