//! Exit codes, which scripts rely on: see `--help`.

use build::BuildError;
use std::process::ExitCode;

/// How a command ended. When several hold, the first of bad input,
/// regression, incomplete, undecided wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: fine.
    Fine,
    /// 1: a regression, or a wrong answer.
    Regression,
    /// 2: bad usage or input.
    BadInput,
    /// 3: could not decide.
    Undecided,
    /// 4: something failed or is missing.
    Incomplete,
}

impl Exit {
    /// The one that wins.
    pub(crate) fn or(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::BadInput => 0,
            Self::Regression => 1,
            Self::Incomplete => 2,
            Self::Undecided => 3,
            Self::Fine => 4,
        };
        if rank(other) < rank(self) { other } else { self }
    }
}

/// A build that fails is a result that is missing; anything else is input.
pub(crate) fn of_error(error: &anyhow::Error) -> Exit {
    match error.downcast_ref() {
        Some(BuildError::Failed(_) | BuildError::Cancelled) => Exit::Incomplete,
        _ => Exit::BadInput,
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Regression => 1,
            Exit::BadInput => 2,
            Exit::Undecided => 3,
            Exit::Incomplete => 4,
        })
    }
}
