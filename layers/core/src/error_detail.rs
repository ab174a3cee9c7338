use std::{borrow::Cow, fmt};

use serde::{Serialize, Serializer, ser::SerializeMap};

/// What went wrong, in words for the client: one message, or messages by field and place.
///
/// As in Django REST Framework each message may have a code of its own; without one it has the
/// code of its [`Exception`](crate::Exception). It serializes to the words alone.
///
/// ```
/// use gatefold_core::ErrorDetail;
///
/// let detail = ErrorDetail::fields([("title", vec!["This field is required."])]);
/// assert_eq!(
///     serde_json::to_string(&detail).unwrap(),
///     r#"{"title":["This field is required."]}"#,
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorDetail {
    /// One message.
    Message {
        /// The words.
        text: Cow<'static, str>,
        /// The message's own code.
        code: Option<Cow<'static, str>>,
    },
    /// Several, in order.
    List(Vec<ErrorDetail>),
    /// By the name of the field, in order.
    Fields(Vec<(Cow<'static, str>, ErrorDetail)>),
}

impl ErrorDetail {
    /// A message with a code of its own.
    pub fn coded(text: impl Into<Cow<'static, str>>, code: impl Into<Cow<'static, str>>) -> Self {
        Self::Message {
            text: text.into(),
            code: Some(code.into()),
        }
    }

    /// Details by the name of the field.
    pub fn fields<K, D>(fields: impl IntoIterator<Item = (K, D)>) -> Self
    where
        K: Into<Cow<'static, str>>,
        D: Into<ErrorDetail>,
    {
        Self::Fields(
            fields
                .into_iter()
                .map(|(name, detail)| (name.into(), detail.into()))
                .collect(),
        )
    }

    /// The words, where there is one message.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Message { text, .. } => Some(text),
            Self::List(_) | Self::Fields(_) => None,
        }
    }

    /// The same shape with each message's code in its place, or `default` where it has none.
    pub(crate) fn codes(&self, default: &str) -> Self {
        let default = Cow::Owned(default.to_owned());
        self.each(&|_, code| Self::words(code.unwrap_or(&default).clone()))
    }

    /// The same shape with `{"message": .., "code": ..}` in each message's place.
    pub(crate) fn full(&self, default: &str) -> Self {
        let default = Cow::Owned(default.to_owned());
        self.each(&|text, code| {
            let message = Self::words(text.clone());
            let code = Self::words(code.unwrap_or(&default).clone());
            Self::fields([("message", message), ("code", code)])
        })
    }

    fn words(text: Cow<'static, str>) -> Self {
        Self::Message { text, code: None }
    }

    fn each(&self, leaf: &impl Fn(&Words, Option<&Words>) -> Self) -> Self {
        match self {
            Self::Message { text, code } => leaf(text, code.as_ref()),
            Self::List(list) => Self::List(list.iter().map(|detail| detail.each(leaf)).collect()),
            Self::Fields(fields) => Self::Fields(
                fields
                    .iter()
                    .map(|(name, detail)| (name.clone(), detail.each(leaf)))
                    .collect(),
            ),
        }
    }
}

type Words = Cow<'static, str>;

impl From<&'static str> for ErrorDetail {
    fn from(text: &'static str) -> Self {
        Self::Message {
            text: Cow::Borrowed(text),
            code: None,
        }
    }
}

impl From<String> for ErrorDetail {
    fn from(text: String) -> Self {
        Self::Message {
            text: Cow::Owned(text),
            code: None,
        }
    }
}

impl<D: Into<ErrorDetail>> From<Vec<D>> for ErrorDetail {
    fn from(list: Vec<D>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

/// The words on one line, for forms without structure: `title: Required.; owner: Unknown.`
impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { text, .. } => f.write_str(text),
            Self::List(list) => {
                for (index, detail) in list.iter().enumerate() {
                    let between = if index == 0 { "" } else { "; " };
                    write!(f, "{between}{detail}")?;
                }
                Ok(())
            }
            Self::Fields(fields) => {
                for (index, (name, detail)) in fields.iter().enumerate() {
                    let between = if index == 0 { "" } else { "; " };
                    write!(f, "{between}{name}: {detail}")?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for ErrorDetail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Message { text, .. } => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Fields(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, detail) in fields {
                    map.serialize_entry(name, detail)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_details_fit_on_one_line() {
        let detail = ErrorDetail::fields([
            ("title", vec!["Required.", "Too short."]),
            ("owner", vec!["Unknown."]),
        ]);
        assert_eq!(
            detail.to_string(),
            "title: Required.; Too short.; owner: Unknown."
        );
    }
}
