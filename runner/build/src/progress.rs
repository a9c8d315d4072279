//! What a build tells while it runs. It must not decide how that is shown.

/// A step of [`crate::Builder::obtain`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The cached artifact was not what its record says; it is built again.
    Discarded {
        /// What was wrong and where it was moved to.
        reason: String,
    },
    /// Another build holds the lock.
    Waiting,
    /// The sources are being copied to where they are built.
    Exporting,
    /// Cargo began to compile a package.
    Compiling {
        /// Name and version of the package.
        unit: String,
        /// Packages begun so far, this one included.
        compiled: usize,
        /// Packages in the lockfile: at most so many are compiled, since
        /// those for other systems and those still fresh are not.
        total: Option<usize>,
    },
    /// The artifact is there.
    Done,
}
