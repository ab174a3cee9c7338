//! `floor.toml`: the score below which an area must not fall.
//!
//! A floor belongs to the very file that it was taken from, known by its fingerprint: another
//! folder's cases have another count and are printed, not compared.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    exchange::CORPUS,
    folder::{Folder, fingerprint},
    report::{Area, wanted},
};

/// The file.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Floors {
    /// File to fingerprint.
    pub(crate) files: BTreeMap<String, String>,
    /// Area to score.
    pub(crate) areas: BTreeMap<String, Floor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Floor {
    pub(crate) good: usize,
    pub(crate) documented: usize,
    pub(crate) of: usize,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/floor.toml")
}

impl Floors {
    pub(crate) fn read() -> Result<Self, String> {
        let text = fs::read_to_string(path()).map_err(|error| format!("floor.toml: {error}"))?;
        toml::from_str(&text).map_err(|error| format!("floor.toml: {error}"))
    }

    /// Areas below their floor, in words. An area that printed nothing is below it too.
    pub(crate) fn broken(&self, folder: &Folder, areas: &[Area]) -> Vec<String> {
        let compared = self
            .areas
            .iter()
            .filter(|(name, _)| wanted(name) && self.holds(folder, &file_of(name)));
        compared
            .filter_map(|(name, floor)| {
                let area = areas.iter().find(|area| area.name == *name);
                let good = area.map_or(0, |area| area.good);
                let of = area.map_or(0, |area| area.total);
                let fell = good < floor.good || of < floor.of;
                fell.then(|| {
                    format!(
                        "{name}: {good} of {of}, the floor is {} of {}",
                        floor.good, floor.of
                    )
                })
            })
            .collect()
    }

    /// Areas above their floor, which is to be raised.
    pub(crate) fn raised(&self, folder: &Folder, areas: &[Area]) -> Vec<String> {
        let compared = areas.iter().filter(|area| self.holds(folder, &area.file));
        compared
            .filter(|area| self.areas.get(&area.name) != Some(&floor(area)))
            .map(|area| area.name.clone())
            .collect()
    }

    fn holds(&self, folder: &Folder, file: &str) -> bool {
        let now = folder.text(file).map(|text| fingerprint(&text));
        now.is_some() && self.files.get(file) == now.as_ref()
    }

    /// Writes the scores as the new floors (`GATEFOLD_CONFORMANCE_FLOOR=write`).
    pub(crate) fn write(mut self, folder: &Folder, areas: &[Area]) -> Result<(), String> {
        for area in areas {
            if let Some(text) = folder.text(&area.file) {
                self.files.insert(area.file.clone(), fingerprint(&text));
                self.areas.insert(area.name.clone(), floor(area));
            }
        }
        let head = "# Scores below which no area may fall; written by\n\
                    # GATEFOLD_CONFORMANCE_FLOOR=write cargo test --test conformance\n\
                    # A floor holds for the file with this fingerprint alone.\n\n";
        let text = toml::to_string(&self).map_err(|error| error.to_string())?;
        fs::write(path(), format!("{head}{text}")).map_err(|error| error.to_string())
    }
}

/// The file that an area's cases come from.
fn file_of(area: &str) -> String {
    match area.starts_with("drf/") {
        true => CORPUS.to_owned(),
        false => format!("{area}.jsonl"),
    }
}

fn floor(area: &Area) -> Floor {
    Floor {
        good: area.good,
        documented: area.differences.len(),
        of: area.total,
    }
}
