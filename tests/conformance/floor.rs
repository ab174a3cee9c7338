//! `floor.toml`: the score below which an area must not fall.
//!
//! A floor belongs to the very file that it was taken from, known by its fingerprint: another
//! folder's cases have another count and are printed, not compared.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    folder::{Folder, fingerprint},
    report::Area,
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

    /// Areas below their floor, in words.
    pub(crate) fn broken(&self, folder: &Folder, areas: &[Area]) -> Vec<String> {
        let compared = areas.iter().filter(|area| self.holds(folder, area));
        compared
            .filter_map(|area| {
                let floor = self.areas.get(&area.name)?;
                (area.good < floor.good).then(|| {
                    format!(
                        "{}: {} of {}, the floor is {}",
                        area.name, area.good, area.total, floor.good
                    )
                })
            })
            .collect()
    }

    /// Areas above their floor, which is to be raised.
    pub(crate) fn raised(&self, folder: &Folder, areas: &[Area]) -> Vec<String> {
        let compared = areas.iter().filter(|area| self.holds(folder, area));
        compared
            .filter(|area| self.areas.get(&area.name) != Some(&floor(area)))
            .map(|area| area.name.clone())
            .collect()
    }

    fn holds(&self, folder: &Folder, area: &Area) -> bool {
        let now = folder.text(&area.file).map(|text| fingerprint(&text));
        now.is_some() && self.files.get(&area.file) == now.as_ref()
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

fn floor(area: &Area) -> Floor {
    Floor {
        good: area.good,
        documented: area.differences.len(),
        of: area.total,
    }
}
