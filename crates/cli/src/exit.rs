//! How a run ends: exit codes and the one line that says what went wrong.

use std::fmt;
use std::io;
use std::process::ExitCode;

use anyhow::Result;

use crate::aside::say_aside;

/// Shown at the end of the help.
pub const HELP: &str = "\
Exit codes:
    0  done; also when the reader of a pipe went away
    1  something failed: a file, the model, the device
    2  the command line, a parameter, a name or the text is wrong
  130  stopped by Ctrl-C; no half-written file is left

Environment:
  ZONOS_HOME    the folder of voices and models, in the place of the system's folder for user data
  ZONOS_MODEL   the model where --model names none
  ZONOS_MODELS  a file that adds models to those known by name, or replaces them

  HF_HOME, HF_HUB_CACHE           where models are kept once they are fetched
  HF_TOKEN, HF_TOKEN_PATH         a token of the hub, or the file with it
  HF_ENDPOINT                     another hub than https://huggingface.co
  HF_HUB_OFFLINE                  1 leaves the network alone
  HTTPS_PROXY, ALL_PROXY, NO_PROXY  as everywhere";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Interrupted = 130,
}

/// A mistake in the command line that only shows once it is parsed.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// An error with [`Exit::Usage`].
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    Usage(message.into()).into()
}

/// The end of work that Ctrl-C stopped between two pieces.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Prints an error, if there is one, and gives the exit code.
pub fn report(result: Result<()>) -> ExitCode {
    let exit = result.as_ref().err().map_or(Exit::Done, Exit::of);
    if let (Err(error), Exit::Failed | Exit::Usage) = (&result, exit) {
        say_aside(format_args!("error: {}", message(error)));
    }
    if exit == Exit::Interrupted {
        say_aside("\ninterrupted");
    }
    ExitCode::from(exit as u8)
}

impl Exit {
    fn of(error: &anyhow::Error) -> Self {
        if is_broken_pipe(error) {
            Self::Done
        } else if error.is::<Interrupted>() {
            Self::Interrupted
        } else if error.is::<Usage>() || error.downcast_ref().is_some_and(zonos::Error::is_in_request) {
            Self::Usage
        } else {
            Self::Failed
        }
    }
}

/// Whether the reader of standard output has seen enough. Files give no such error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
}

/// The error and its causes, without those that it names itself.
fn message(error: &anyhow::Error) -> String {
    error.chain().skip(1).map(ToString::to_string).fold(error.to_string(), |message, cause| {
        if message.contains(&cause) { message } else { format!("{message}: {cause}") }
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn causes_are_said_once() {
        let inner = || io::Error::other("disk on fire");
        let plain = anyhow::Error::from(inner()).context("cannot read a.txt");
        assert_eq!(message(&plain), "cannot read a.txt: disk on fire");
        let repeated = anyhow::Error::from(inner()).context("cannot read a.txt: disk on fire");
        assert_eq!(message(&repeated), "cannot read a.txt: disk on fire");
    }

    #[test]
    fn errors_have_the_codes_of_the_help() {
        let pipe = Err::<(), _>(io::Error::from(io::ErrorKind::BrokenPipe)).context("standard output").unwrap_err();
        assert_eq!(Exit::of(&pipe), Exit::Done);
        assert_eq!(Exit::of(&usage("no")), Exit::Usage);
        assert_eq!(Exit::of(&Interrupted.into()), Exit::Interrupted);
        let named = zonos::Error::VoiceName("/".to_owned());
        assert_eq!(Exit::of(&anyhow::Error::from(named).context("voice")), Exit::Usage);
        assert_eq!(Exit::of(&zonos::Error::NoHome.into()), Exit::Failed);
        for exit in [Exit::Done, Exit::Failed, Exit::Usage, Exit::Interrupted] {
            assert!(HELP.contains(&format!("{:>5}  ", exit as u8)), "{exit:?}");
        }
    }
}
