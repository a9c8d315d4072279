-- Everything a `model::Run` holds, normalised so that a sample costs a few
-- small integers and its value. Conventions, for every table:
--   * `*_at_ns`   nanoseconds since 1970-01-01T00:00:00Z (1677 to 2262; others are refused)
--   * `*_sha256`  64 lower-case hexadecimal digits, readable in any SQL shell
--   * (u64)       unsigned 64 bits kept as the signed integer of the same bits,
--                 since SQLite has no unsigned one; equal below 2^63
--   * `position`  order inside a list, from 0
-- A migration that has left this checkout is never edited: its checksum is
-- stored in each database. Changes are new files.

-- "awfy": tells our files from other programs' SQLite files.
PRAGMA application_id = 0x61776679;

-- What measurements stood on. Looked up by all columns: two testbeds that
-- differ only in `unknown` versus unknown share a fingerprint, not a row.
CREATE TABLE testbed (
    id                    INTEGER PRIMARY KEY,
    fingerprint_sha256    TEXT    NOT NULL CHECK (length(fingerprint_sha256) = 64), -- names the epoch; derived, kept for queries
    cpu_model             TEXT,             -- as the kernel names it; NULL: unknown
    microcode             TEXT,             -- revision; NULL: unknown
    cpus                  INTEGER NOT NULL, -- logical CPUs
    smt                   INTEGER CHECK (smt IN (0, 1)), -- simultaneous multithreading on; NULL: unknown
    governor              TEXT,             -- frequency governor; NULL: unknown
    memory_mib            INTEGER NOT NULL, -- mebibytes (u64)
    kernel                TEXT    NOT NULL, -- release
    virtualization        TEXT,             -- hypervisor or `none`; NULL: unknown
    rustc                 TEXT,             -- compiler of targets; NULL: none
    qemu                  TEXT,             -- emulator; NULL: none
    pinning               TEXT    NOT NULL, -- which CPUs generator and host ran on
    measurement_protocol  INTEGER NOT NULL  -- raised by hand when the way of measuring changes
) STRICT;
CREATE INDEX testbed_by_fingerprint ON testbed (fingerprint_sha256);

-- One state of a target.
CREATE TABLE version (
    id                INTEGER PRIMARY KEY,
    target            TEXT NOT NULL, -- name in bench.toml
    kind              TEXT NOT NULL CHECK (kind IN ('commit', 'release', 'binary')),
    name              TEXT NOT NULL, -- full commit hash, exact release, or the binary's SHA-256
    subject           TEXT,          -- commit: first line of its message
    committed_at_ns   INTEGER,       -- commit: when
    modified_sha256   TEXT CHECK (length(modified_sha256) = 64), -- commit: digest of changed sources; NULL: unchanged
    CHECK ((kind = 'commit') = (subject IS NOT NULL)),
    CHECK ((kind = 'commit') = (committed_at_ns IS NOT NULL)),
    CHECK (kind = 'commit' OR modified_sha256 IS NULL),
    CHECK (kind <> 'binary' OR length(name) = 64)
) STRICT;
CREATE INDEX version_by_name ON version (name, target);

-- What a build of a version produced; the same binary is one row.
CREATE TABLE artifact (
    id               INTEGER PRIMARY KEY,
    version          INTEGER NOT NULL REFERENCES version (id),
    binary_sha256    TEXT    NOT NULL CHECK (length(binary_sha256) = 64),
    binary_bytes     INTEGER NOT NULL, -- bytes (u64)
    source_sha256    TEXT CHECK (length(source_sha256) = 64),   -- NULL: a binary that was given
    lockfile_sha256  TEXT CHECK (length(lockfile_sha256) = 64), -- NULL: likewise
    rustc            TEXT,             -- compiler; NULL: likewise
    build_flags      TEXT              -- profile and flags; NULL: likewise
) STRICT;
CREATE INDEX artifact_by_version ON artifact (version, binary_sha256);

-- One execution of a plan. Readers of results see `complete` ones only.
CREATE TABLE run (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE CHECK (length(name) = 16), -- `model::RunId`
    started_at_ns   INTEGER NOT NULL,
    finished_at_ns  INTEGER,          -- NULL: not finished
    status          TEXT    NOT NULL CHECK (status IN ('running', 'complete', 'interrupted')),
    profile         TEXT    NOT NULL, -- which rules chose the number of blocks
    seed            INTEGER NOT NULL, -- of the order of blocks (u64)
    harness         TEXT    NOT NULL, -- version of the tools that measured
    plan            TEXT    NOT NULL, -- JSON; enough to plan the same run again
    planned_blocks  INTEGER NOT NULL,
    anchor          TEXT,             -- target measured in adjacent blocks; NULL: none
    testbed         INTEGER NOT NULL REFERENCES testbed (id),
    CHECK (status <> 'complete' OR finished_at_ns IS NOT NULL)
) STRICT;
CREATE INDEX run_by_start ON run (started_at_ns, name);

-- The list `Run::artifacts`, which blocks point into.
CREATE TABLE run_artifact (
    run       INTEGER NOT NULL REFERENCES run (id),
    position  INTEGER NOT NULL,
    artifact  INTEGER NOT NULL REFERENCES artifact (id),
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

-- What a block measures: one arm of one benchmark on one target.
CREATE TABLE cell (
    id         INTEGER PRIMARY KEY,
    target     TEXT NOT NULL,
    suite      TEXT NOT NULL,
    benchmark  TEXT NOT NULL,
    arm        TEXT NOT NULL, -- `wasi=p2,code=compile`, or `default`
    UNIQUE (target, suite, benchmark, arm)
) STRICT;

-- Names of `model::METRICS`, which alone knows their units and directions.
CREATE TABLE metric (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE
) STRICT;

-- A line on a chart: target + suite + benchmark + arm + metric on one testbed.
CREATE TABLE series (
    id       INTEGER PRIMARY KEY,
    cell     INTEGER NOT NULL REFERENCES cell (id),
    metric   INTEGER NOT NULL REFERENCES metric (id),
    testbed  INTEGER NOT NULL REFERENCES testbed (id),
    UNIQUE (cell, metric, testbed)
) STRICT;

-- Which suite and which definition a number belongs to: the pair of digests
-- repeats in every block of an arm, so it is stored once.
CREATE TABLE definition (
    id                 INTEGER PRIMARY KEY,
    suite_sha256       TEXT NOT NULL CHECK (length(suite_sha256) = 64),      -- the suite's folder and components
    definition_sha256  TEXT NOT NULL CHECK (length(definition_sha256) = 64), -- what defines the arm's numbers; a new one starts a new segment
    UNIQUE (definition_sha256, suite_sha256)
) STRICT;

-- Why something failed, was unsupported or is absent. The same sentence
-- returns in every block of a machine without counters.
CREATE TABLE reason (
    id    INTEGER PRIMARY KEY,
    text  TEXT NOT NULL UNIQUE
) STRICT;

-- One fresh host process, measured from start to stop.
CREATE TABLE block (
    id             INTEGER PRIMARY KEY,
    run            INTEGER NOT NULL REFERENCES run (id),
    ordinal        INTEGER NOT NULL, -- position in the run's plan
    cell           INTEGER NOT NULL REFERENCES cell (id),
    artifact       INTEGER NOT NULL, -- `run_artifact.position`
    round          INTEGER NOT NULL, -- blocks of one round pair up in comparisons
    definition     INTEGER NOT NULL REFERENCES definition (id),
    started_at_ns  INTEGER NOT NULL, -- host spawned
    duration_ns    INTEGER NOT NULL, -- nanoseconds from spawn to having stopped (u64)
    outcome        TEXT    NOT NULL CHECK (outcome IN ('measured', 'failed', 'unsupported')),
    reason         INTEGER REFERENCES reason (id), -- NULL: measured
    log_tail       TEXT,                           -- failed: the host's last lines
    UNIQUE (run, ordinal),
    FOREIGN KEY (run, artifact) REFERENCES run_artifact (run, position),
    CHECK ((outcome = 'measured') = (reason IS NULL)),
    CHECK ((outcome = 'failed') = (log_tail IS NOT NULL))
) STRICT;

-- Caveats that go with a block wherever its numbers go.
CREATE TABLE block_label (
    block     INTEGER NOT NULL REFERENCES block (id),
    position  INTEGER NOT NULL,
    label     TEXT    NOT NULL, -- `model::Label::word`
    PRIMARY KEY (block, position)
) STRICT, WITHOUT ROWID;

-- The raw samples. A block implies its run; keyed by block first, so that a
-- block is appended at the end of the table and a run is read in one sweep.
CREATE TABLE sample (
    block   INTEGER NOT NULL REFERENCES block (id),
    series  INTEGER NOT NULL REFERENCES series (id),
    idx     INTEGER NOT NULL, -- position in time inside the block, from 0 (`index` is a keyword)
    value   REAL    NOT NULL, -- in the metric's unit; exact, but for -0.0, which SQLite keeps as 0.0
    PRIMARY KEY (block, series, idx)
) STRICT, WITHOUT ROWID;

-- One histogram per block and metric. With rowids, since blobs of a kilobyte
-- in a WITHOUT ROWID tree would spill out of its inner nodes.
CREATE TABLE histogram (
    block   INTEGER NOT NULL REFERENCES block (id),
    series  INTEGER NOT NULL REFERENCES series (id),
    data    BLOB    NOT NULL, -- HdrHistogram V2, deflated; nanoseconds
    PRIMARY KEY (block, series)
) STRICT;

-- Metrics a measured block lacks, each for a stated reason.
CREATE TABLE absent (
    block     INTEGER NOT NULL REFERENCES block (id),
    position  INTEGER NOT NULL,
    metric    INTEGER NOT NULL REFERENCES metric (id),
    reason    INTEGER NOT NULL REFERENCES reason (id),
    PRIMARY KEY (block, position)
) STRICT, WITHOUT ROWID;
