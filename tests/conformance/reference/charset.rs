//! Charsets of request bodies.

/// What a `charset` parameter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Utf8,
    Utf16,
    Latin1,
    Ascii,
}

impl Charset {
    /// The charset of this name. Names nobody knows are ignored, which means UTF-8; the names of
    /// codecs that are not for text are refused.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let plain = name.to_ascii_lowercase().replace('_', "-");
        match plain.as_str() {
            "base64" | "base64-codec" | "bz2" | "bz2-codec" | "hex" | "hex-codec" | "quopri"
            | "quopri-codec" | "quoted-printable" | "rot13" | "rot-13" | "uu" | "uu-codec"
            | "zlib" | "zlib-codec" | "zip" => Err(format!(
                "Unsupported charset \"{name}\" in request Content-Type header."
            )),
            "utf-16" | "utf16" => Ok(Self::Utf16),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" => Ok(Self::Latin1),
            "ascii" | "us-ascii" => Ok(Self::Ascii),
            _ => Ok(Self::Utf8),
        }
    }

    /// The text of these bytes, or a sentence.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<String, String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes)
                .map(str::to_owned)
                .map_err(|error| format!("'utf-8' codec can't decode bytes: {error}")),
            Self::Latin1 => Ok(bytes.iter().copied().map(char::from).collect()),
            Self::Ascii if bytes.is_ascii() => Ok(bytes.iter().copied().map(char::from).collect()),
            Self::Ascii => Err("'ascii' codec can't decode bytes".to_owned()),
            Self::Utf16 => utf16(bytes),
        }
    }

    /// The text of these bytes; what cannot be read becomes U+FFFD.
    pub(crate) fn decode_lossy(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Ascii => bytes
                .iter()
                .map(|&b| {
                    if b.is_ascii() {
                        char::from(b)
                    } else {
                        '\u{fffd}'
                    }
                })
                .collect(),
            Self::Latin1 | Self::Utf16 => self.decode(bytes).unwrap_or_default(),
        }
    }
}

fn utf16(bytes: &[u8]) -> Result<String, String> {
    let (little, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        rest => (true, rest),
    };
    if rest.len() % 2 != 0 {
        return Err("'utf-16' codec can't decode byte: truncated data".to_owned());
    }
    let units = rest.chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        }
    });
    char::decode_utf16(units)
        .collect::<Result<_, _>>()
        .map_err(|_| "'utf-16' codec can't decode bytes: illegal surrogate".to_owned())
}
