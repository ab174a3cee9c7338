//! The folder that the cases come from.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder laid out as `drf/`, `accept/`, `auth/`, `throttle/`.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    own: PathBuf,
}

impl Folder {
    /// The folder named by `GATEFOLD_CONFORMANCE`, or the project's own.
    pub(crate) fn find() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/data");
        let named = std::env::var_os("GATEFOLD_CONFORMANCE").filter(|named| !named.is_empty());
        let root = named.map_or_else(|| own.clone(), PathBuf::from);
        Self { root, own }
    }

    /// A file's text, where it is there.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.root.join(name)).ok()
    }

    /// A file's text, or that of the project's own copy.
    pub(crate) fn text_or_own(&self, name: &str) -> Option<String> {
        self.text(name)
            .or_else(|| fs::read_to_string(self.own.join(name)).ok())
    }

    /// The lines of a file of cases that are not empty.
    pub(crate) fn lines(&self, name: &str) -> Option<Vec<String>> {
        let text = self.text(name)?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Some(lines.map(str::to_owned).collect())
    }
}

/// A number that stands for a file's text (FNV-1a, 64 bits): floors hold for the cases that they
/// were taken from and for no others.
pub(crate) fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
