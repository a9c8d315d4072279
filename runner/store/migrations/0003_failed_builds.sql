-- The list `Run::failed_builds`: versions that were to be measured and could not
-- be built. That is a result as any other, and goes where the run goes.
CREATE TABLE failed_build (
    run       INTEGER NOT NULL REFERENCES run (id),
    position  INTEGER NOT NULL,
    version   INTEGER NOT NULL REFERENCES version (id),
    rustc     TEXT,             -- compiler; NULL: there was nothing to compile
    reason    INTEGER NOT NULL REFERENCES reason (id),
    log_tail  TEXT    NOT NULL, -- the build's last lines; empty where there was none
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX failed_build_by_version ON failed_build (version);

CREATE TRIGGER failed_build_is_never_updated BEFORE UPDATE ON failed_build
BEGIN
    SELECT RAISE(ABORT, 'failed_build is append-only: rows are never updated');
END;
CREATE TRIGGER failed_build_is_never_deleted BEFORE DELETE ON failed_build
BEGIN
    SELECT RAISE(ABORT, 'failed_build is append-only: rows are never deleted');
END;

CREATE TRIGGER failed_build_of_running_run BEFORE INSERT ON failed_build
WHEN (SELECT status FROM run WHERE id = NEW.run) IS NOT 'running'
BEGIN
    SELECT RAISE(ABORT, 'failed_build is append-only: its run is not running');
END;
