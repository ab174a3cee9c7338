//! Panics as exceptions.

use std::{
    any::Any,
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use gatefold_core::Exception;

/// Runs `work`; a panic is a 500 whose source holds what it said, for the log alone.
///
/// Whatever `work` changed when it panicked is not called again but for the service itself, which
/// its server would call again as well.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Exception> {
    catch_unwind(AssertUnwindSafe(work)).map_err(panicked)
}

#[cold]
fn panicked(payload: Box<dyn Any + Send>) -> Exception {
    let said = if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a value that is no text".to_owned()
    };
    // A payload may panic once more when it is dropped; what that leaves is not dropped at all.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    Exception::internal(Panicked(said))
}

/// The source of an exception that was a panic.
#[derive(Debug)]
struct Panicked(String);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service panicked: {}", self.0)
    }
}

impl Error for Panicked {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_panic_says_is_in_the_source_and_not_in_the_words() {
        let exception = catch(|| panic!("secret {}", 1)).unwrap_err();
        assert_eq!(exception.code(), "error");
        assert!(!exception.to_string().contains("secret"));
        let source = exception.source().expect("kept for the log");
        assert!(source.to_string().ends_with("secret 1"));
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_survived() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                std::panic::panic_any(Bomb);
            }
        }
        assert!(catch(|| std::panic::panic_any(Bomb)).is_err());
    }
}
