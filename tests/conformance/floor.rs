//! `floor.toml`: the score below which what belongs to later work must not fall. Everything else is
//! wholly right, or documented.
//!
//! A floor belongs to the very file that it was taken from, known by its fingerprint: another
//! folder's cases have another count and are printed, not compared.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    exchange::CORPUS,
    folder::{Folder, fingerprint},
    report::{Area, Score},
};

/// The file.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Floors {
    /// File to fingerprint.
    files: BTreeMap<String, String>,
    /// Area or group to score.
    later: BTreeMap<String, Score>,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/floor.toml")
}

impl Floors {
    pub(crate) fn read() -> Result<Self, String> {
        let text = fs::read_to_string(path()).map_err(|error| format!("floor.toml: {error}"))?;
        toml::from_str(&text).map_err(|error| format!("floor.toml: {error}"))
    }

    /// What is below its floor, in words.
    pub(crate) fn broken(&self, folder: &Folder, areas: &[Area]) -> Vec<String> {
        let scores = scores(folder, areas);
        let known = scores.iter().filter(|(name, _)| self.holds(folder, name));
        known
            .filter_map(|(name, score)| {
                let floor = self.later.get(name)?;
                let fell = score.good < floor.good || score.of < floor.of;
                fell.then(|| {
                    let Score { good, of } = floor;
                    format!(
                        "{name}: {} of {}, the floor is {good} of {of}",
                        score.good, score.of
                    )
                })
            })
            .collect()
    }

    /// What is above its floor, which is to be raised.
    pub(crate) fn raised(&self, folder: &Folder, areas: &[Area]) -> Vec<String> {
        let scores = scores(folder, areas).into_iter();
        scores
            .filter(|(name, score)| self.holds(folder, name) && self.later.get(name) != Some(score))
            .map(|(name, _)| name)
            .collect()
    }

    fn holds(&self, folder: &Folder, name: &str) -> bool {
        let file = file_of(name);
        let now = folder.text(&file).map(|text| fingerprint(&text));
        now.is_some() && self.files.get(&file) == now.as_ref()
    }

    /// Writes the scores as the new floors (`GATEFOLD_CONFORMANCE_FLOOR=write`).
    pub(crate) fn write(mut self, folder: &Folder, areas: &[Area]) -> Result<(), String> {
        for (name, score) in scores(folder, areas) {
            let file = file_of(&name);
            if let Some(text) = folder.text(&file) {
                self.files.insert(file, fingerprint(&text));
                self.later.insert(name, score);
            }
        }
        let head = "# Scores of later work, below which they must not fall; everything else is at\n\
                    # 100 %. Written by GATEFOLD_CONFORMANCE_FLOOR=write cargo test --test conformance\n\
                    # A floor holds for the file with this fingerprint alone.\n\n";
        let text = toml::to_string(&self).map_err(|error| error.to_string())?;
        fs::write(path(), format!("{head}{text}")).map_err(|error| error.to_string())
    }
}

/// The scores of later work.
fn scores(folder: &Folder, areas: &[Area]) -> BTreeMap<String, Score> {
    let there = areas
        .iter()
        .filter(|area| folder.text(&area.file).is_some());
    there.flat_map(|area| area.later.clone()).collect()
}

/// The file that an area's cases come from.
fn file_of(name: &str) -> String {
    match name.starts_with("drf/") {
        true => CORPUS.to_owned(),
        false => format!("{name}.jsonl"),
    }
}
