-- What the service keeps beside results: who may write, who did, and what is to be
-- measured. Unlike results, tokens end and jobs go on, so rows of those change.
CREATE TABLE token (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE CHECK (length(name) = 12), -- the public half, which logs may show
    secret_sha256   TEXT    NOT NULL CHECK (length(secret_sha256) = 64), -- of 256 random bits: nothing to guess, so no slow hash
    about           TEXT    NOT NULL, -- whose it is, in words
    scopes          TEXT    NOT NULL, -- any of `upload jobs admin`, with spaces between
    testbed         TEXT,             -- epoch that uploads must be of, and jobs may be leased for; NULL: any
    created_at_ns   INTEGER NOT NULL,
    expires_at_ns   INTEGER NOT NULL,
    revoked_at_ns   INTEGER           -- NULL: not revoked
) STRICT;

-- Every attempt to write, allowed or not.
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY,
    at_ns    INTEGER NOT NULL,
    actor    TEXT    NOT NULL, -- name of a token, `nobody`, `github` or `command line`
    action   TEXT    NOT NULL, -- e.g. `upload`, `job.submit`
    subject  TEXT    NOT NULL, -- what it was about: a digest, a job, a token
    outcome  TEXT    NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
    detail   TEXT    NOT NULL  -- why, or what came of it
) STRICT;
CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only: rows are never updated');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only: rows are never deleted');
END;

-- What was uploaded, so that the same upload twice gets the same answer.
CREATE TABLE upload (
    id             INTEGER PRIMARY KEY,
    token          INTEGER NOT NULL REFERENCES token (id),
    once           TEXT    NOT NULL, -- the caller's idempotency key, or the digest of the bundle
    bundle_sha256  TEXT    NOT NULL CHECK (length(bundle_sha256) = 64),
    at_ns          INTEGER NOT NULL,
    stored         INTEGER NOT NULL, -- runs that were new
    known          INTEGER NOT NULL, -- runs that were there already
    runs           TEXT    NOT NULL, -- their names, with spaces between
    UNIQUE (token, once)
) STRICT;
CREATE TRIGGER upload_is_never_updated BEFORE UPDATE ON upload
BEGIN
    SELECT RAISE(ABORT, 'upload is append-only: rows are never updated');
END;
CREATE TRIGGER upload_is_never_deleted BEFORE DELETE ON upload
BEGIN
    SELECT RAISE(ABORT, 'upload is append-only: rows are never deleted');
END;

-- What is to be done. `queued` waits, `leased` is with a worker until `leased_until_ns`
-- unless it is heard of again; the three others are ends, which are reached once.
CREATE TABLE job (
    id               INTEGER PRIMARY KEY,
    name             TEXT    NOT NULL UNIQUE CHECK (length(name) = 16), -- hexadecimal digits
    once             TEXT    UNIQUE,   -- what asked for it, if that must not ask twice; NULL: it may
    kind             TEXT    NOT NULL CHECK (kind IN ('run', 'compare', 'gate', 'backfill', 'bisect', 'calibrate')),
    arguments        TEXT    NOT NULL, -- JSON list of words for that command
    testbed          TEXT,             -- epoch it must be measured on; NULL: any
    priority         INTEGER NOT NULL, -- higher goes first
    status           TEXT    NOT NULL CHECK (status IN ('queued', 'leased', 'done', 'failed', 'cancelled')),
    attempts         INTEGER NOT NULL, -- leases so far
    most_attempts    INTEGER NOT NULL,
    not_before_ns    INTEGER NOT NULL, -- a retry waits until then
    lease            TEXT,             -- secret of the worker that has it; kept after a cancel until it is heard of
    worker           TEXT,             -- name of the token and the machine of the last lease
    leased_on        TEXT,             -- epoch of that machine
    leased_until_ns  INTEGER,
    requested_by     TEXT    NOT NULL,
    requested_at_ns  INTEGER NOT NULL,
    started_at_ns    INTEGER,          -- of the last lease
    finished_at_ns   INTEGER,
    exit_code        INTEGER,          -- of the command; NULL: it did not end by itself
    outcome          TEXT,             -- what came of it, or why it failed
    CHECK ((status IN ('done', 'failed', 'cancelled')) = (finished_at_ns IS NOT NULL)),
    CHECK (status <> 'leased' OR lease IS NOT NULL)
) STRICT;
CREATE INDEX job_by_status ON job (status, priority DESC, id);
CREATE TRIGGER job_ends_once BEFORE UPDATE OF status ON job
WHEN OLD.status IN ('done', 'failed', 'cancelled')
BEGIN
    SELECT RAISE(ABORT, 'job: it has ended, and ends once');
END;
CREATE TRIGGER job_is_never_deleted BEFORE DELETE ON job
BEGIN
    SELECT RAISE(ABORT, 'job: rows are never deleted');
END;

-- Jobs that must be done before another.
CREATE TABLE job_parent (
    job     INTEGER NOT NULL REFERENCES job (id),
    parent  INTEGER NOT NULL REFERENCES job (id),
    PRIMARY KEY (job, parent)
) STRICT, WITHOUT ROWID;

-- What a job told while it was at work.
CREATE TABLE job_event (
    id     INTEGER PRIMARY KEY,
    job    INTEGER NOT NULL REFERENCES job (id),
    at_ns  INTEGER NOT NULL,
    text   TEXT    NOT NULL
) STRICT;
CREATE INDEX job_event_by_job ON job_event (job, id);

-- Messages to the outside that must be sent once: notifications, webhooks heard.
CREATE TABLE message (
    id     INTEGER PRIMARY KEY,
    kind   TEXT    NOT NULL, -- `github-delivery`, `slack`, `mail`
    once   TEXT    NOT NULL, -- what it is about
    at_ns  INTEGER NOT NULL,
    UNIQUE (kind, once)
) STRICT;
CREATE TRIGGER message_is_never_updated BEFORE UPDATE ON message
BEGIN
    SELECT RAISE(ABORT, 'message is append-only: rows are never updated');
END;
