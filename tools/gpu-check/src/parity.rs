//! Runs the program of parity tests that lies beside this one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use zonos::DeviceChoice;

/// What the parity tests came to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parity {
    pub passed: Vec<String>,
    pub failed: Vec<String>,
}

/// Runs all tests on `device`; what they print goes to `parity.log` in `out`.
pub fn run(device: DeviceChoice, out: &Path) -> Result<Parity> {
    let folder = own_folder()?;
    let program = folder.join("parity");
    let mut command = Command::new(&program);
    // One after the other: they share the card.
    command.args(["--test-threads=1", "--show-output"]);
    command.env("ZONOS_TEST_DEVICE", device.to_string());
    command.env("ZONOS_FIXTURES", folder.join("fixtures"));
    let output = command.output().with_context(|| format!("cannot run {}", program.display()))?;
    let log = [output.stdout, output.stderr].concat();
    let path = out.join("parity.log");
    std::fs::write(&path, &log).with_context(|| format!("cannot write {}", path.display()))?;
    let found = Parity::read(&String::from_utf8_lossy(&log));
    if found.passed.is_empty() && found.failed.is_empty() {
        bail!("{} ran no tests: see {}", program.display(), path.display());
    }
    Ok(found)
}

fn own_folder() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    Ok(own.parent().map(Path::to_owned).unwrap_or_default())
}

impl Parity {
    /// Reads what the standard harness prints: a line `test NAME ... ok` for each test. A test that prints by itself
    /// may put its words between the dots and the verdict, which then stands on a line of its own.
    fn read(log: &str) -> Self {
        let mut found = Self::default();
        let mut name = None;
        for line in log.lines() {
            let begun = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "));
            let verdict = match begun {
                Some((test, verdict)) => {
                    name = Some(test);
                    verdict
                }
                None => line,
            };
            found.note(&mut name, verdict);
        }
        found
    }

    fn note(&mut self, name: &mut Option<&str>, verdict: &str) {
        let list = match verdict.trim() {
            "ok" => &mut self.passed,
            "FAILED" => &mut self.failed,
            _ => return,
        };
        list.extend(name.take().map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_wherever_they_stand() {
        let log = "running 3 tests\ntest codec::wav ... ok\ntest device::said ... parity on a card\nok\n\
                   test lm::logits ... FAILED\n\nfailures:\n    lm::logits\ntest result: FAILED. 2 passed\n";
        let found = Parity::read(log);
        assert_eq!(found.passed, ["codec::wav", "device::said"]);
        assert_eq!(found.failed, ["lm::logits"]);
    }
}
