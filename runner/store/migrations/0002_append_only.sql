-- The database is append-only: a correction is a new run, never an edit. Two
-- kinds of guards, for whoever opens the file with whatever program:
--   * no UPDATE and no DELETE, except that a run's status and end may go
--     running -> complete, running <-> interrupted;
--   * rows of a run are added only while it is running: a finished run is
--     frozen. (REPLACE, which deletes without firing DELETE triggers unless
--     `recursive_triggers` is on, as it is here, meets this guard too.)

CREATE TRIGGER run_is_append_only BEFORE UPDATE ON run
WHEN NOT (
    -- All other columns as they were. IS: NULL equals NULL.
    (NEW.id, NEW.name, NEW.started_at_ns, NEW.profile, NEW.seed, NEW.harness, NEW.plan, NEW.planned_blocks, NEW.anchor, NEW.testbed)
    IS (OLD.id, OLD.name, OLD.started_at_ns, OLD.profile, OLD.seed, OLD.harness, OLD.plan, OLD.planned_blocks, OLD.anchor, OLD.testbed)
    AND (
        (OLD.status = 'running' AND NEW.status IN ('complete', 'interrupted'))
        OR (OLD.status = 'interrupted' AND NEW.status = 'running' AND NEW.finished_at_ns IS NULL)
    )
)
BEGIN
    SELECT RAISE(ABORT, 'run is append-only: its status may go from running to complete or interrupted, and back from interrupted to running');
END;

CREATE TRIGGER run_is_never_deleted BEFORE DELETE ON run
BEGIN
    SELECT RAISE(ABORT, 'run is append-only: rows are never deleted');
END;

CREATE TRIGGER run_begins_running BEFORE INSERT ON run
WHEN NEW.status <> 'running' OR NEW.finished_at_ns IS NOT NULL
    OR EXISTS (SELECT 1 FROM run WHERE name = NEW.name OR id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'run is append-only: a new row is named anew and begins as running');
END;

CREATE TRIGGER testbed_is_never_updated BEFORE UPDATE ON testbed
BEGIN
    SELECT RAISE(ABORT, 'testbed is append-only: rows are never updated');
END;
CREATE TRIGGER testbed_is_never_deleted BEFORE DELETE ON testbed
BEGIN
    SELECT RAISE(ABORT, 'testbed is append-only: rows are never deleted');
END;

CREATE TRIGGER version_is_never_updated BEFORE UPDATE ON version
BEGIN
    SELECT RAISE(ABORT, 'version is append-only: rows are never updated');
END;
CREATE TRIGGER version_is_never_deleted BEFORE DELETE ON version
BEGIN
    SELECT RAISE(ABORT, 'version is append-only: rows are never deleted');
END;

CREATE TRIGGER artifact_is_never_updated BEFORE UPDATE ON artifact
BEGIN
    SELECT RAISE(ABORT, 'artifact is append-only: rows are never updated');
END;
CREATE TRIGGER artifact_is_never_deleted BEFORE DELETE ON artifact
BEGIN
    SELECT RAISE(ABORT, 'artifact is append-only: rows are never deleted');
END;

CREATE TRIGGER run_artifact_is_never_updated BEFORE UPDATE ON run_artifact
BEGIN
    SELECT RAISE(ABORT, 'run_artifact is append-only: rows are never updated');
END;
CREATE TRIGGER run_artifact_is_never_deleted BEFORE DELETE ON run_artifact
BEGIN
    SELECT RAISE(ABORT, 'run_artifact is append-only: rows are never deleted');
END;

CREATE TRIGGER cell_is_never_updated BEFORE UPDATE ON cell
BEGIN
    SELECT RAISE(ABORT, 'cell is append-only: rows are never updated');
END;
CREATE TRIGGER cell_is_never_deleted BEFORE DELETE ON cell
BEGIN
    SELECT RAISE(ABORT, 'cell is append-only: rows are never deleted');
END;

CREATE TRIGGER metric_is_never_updated BEFORE UPDATE ON metric
BEGIN
    SELECT RAISE(ABORT, 'metric is append-only: rows are never updated');
END;
CREATE TRIGGER metric_is_never_deleted BEFORE DELETE ON metric
BEGIN
    SELECT RAISE(ABORT, 'metric is append-only: rows are never deleted');
END;

CREATE TRIGGER series_is_never_updated BEFORE UPDATE ON series
BEGIN
    SELECT RAISE(ABORT, 'series is append-only: rows are never updated');
END;
CREATE TRIGGER series_is_never_deleted BEFORE DELETE ON series
BEGIN
    SELECT RAISE(ABORT, 'series is append-only: rows are never deleted');
END;

CREATE TRIGGER definition_is_never_updated BEFORE UPDATE ON definition
BEGIN
    SELECT RAISE(ABORT, 'definition is append-only: rows are never updated');
END;
CREATE TRIGGER definition_is_never_deleted BEFORE DELETE ON definition
BEGIN
    SELECT RAISE(ABORT, 'definition is append-only: rows are never deleted');
END;

CREATE TRIGGER reason_is_never_updated BEFORE UPDATE ON reason
BEGIN
    SELECT RAISE(ABORT, 'reason is append-only: rows are never updated');
END;
CREATE TRIGGER reason_is_never_deleted BEFORE DELETE ON reason
BEGIN
    SELECT RAISE(ABORT, 'reason is append-only: rows are never deleted');
END;

CREATE TRIGGER block_is_never_updated BEFORE UPDATE ON block
BEGIN
    SELECT RAISE(ABORT, 'block is append-only: rows are never updated');
END;
CREATE TRIGGER block_is_never_deleted BEFORE DELETE ON block
BEGIN
    SELECT RAISE(ABORT, 'block is append-only: rows are never deleted');
END;

CREATE TRIGGER block_label_is_never_updated BEFORE UPDATE ON block_label
BEGIN
    SELECT RAISE(ABORT, 'block_label is append-only: rows are never updated');
END;
CREATE TRIGGER block_label_is_never_deleted BEFORE DELETE ON block_label
BEGIN
    SELECT RAISE(ABORT, 'block_label is append-only: rows are never deleted');
END;

CREATE TRIGGER sample_is_never_updated BEFORE UPDATE ON sample
BEGIN
    SELECT RAISE(ABORT, 'sample is append-only: rows are never updated');
END;
CREATE TRIGGER sample_is_never_deleted BEFORE DELETE ON sample
BEGIN
    SELECT RAISE(ABORT, 'sample is append-only: rows are never deleted');
END;

CREATE TRIGGER histogram_is_never_updated BEFORE UPDATE ON histogram
BEGIN
    SELECT RAISE(ABORT, 'histogram is append-only: rows are never updated');
END;
CREATE TRIGGER histogram_is_never_deleted BEFORE DELETE ON histogram
BEGIN
    SELECT RAISE(ABORT, 'histogram is append-only: rows are never deleted');
END;

CREATE TRIGGER absent_is_never_updated BEFORE UPDATE ON absent
BEGIN
    SELECT RAISE(ABORT, 'absent is append-only: rows are never updated');
END;
CREATE TRIGGER absent_is_never_deleted BEFORE DELETE ON absent
BEGIN
    SELECT RAISE(ABORT, 'absent is append-only: rows are never deleted');
END;

CREATE TRIGGER run_artifact_of_running_run BEFORE INSERT ON run_artifact
WHEN (SELECT status FROM run WHERE id = NEW.run) IS NOT 'running'
BEGIN
    SELECT RAISE(ABORT, 'run_artifact is append-only: its run is not running');
END;

CREATE TRIGGER block_of_running_run BEFORE INSERT ON block
WHEN (SELECT status FROM run WHERE id = NEW.run) IS NOT 'running'
BEGIN
    SELECT RAISE(ABORT, 'block is append-only: its run is not running');
END;

CREATE TRIGGER block_label_of_running_run BEFORE INSERT ON block_label
WHEN (SELECT run.status FROM block JOIN run ON run.id = block.run WHERE block.id = NEW.block) IS NOT 'running'
BEGIN
    SELECT RAISE(ABORT, 'block_label is append-only: its run is not running');
END;

CREATE TRIGGER sample_of_running_run BEFORE INSERT ON sample
WHEN (SELECT run.status FROM block JOIN run ON run.id = block.run WHERE block.id = NEW.block) IS NOT 'running'
BEGIN
    SELECT RAISE(ABORT, 'sample is append-only: its run is not running');
END;

CREATE TRIGGER histogram_of_running_run BEFORE INSERT ON histogram
WHEN (SELECT run.status FROM block JOIN run ON run.id = block.run WHERE block.id = NEW.block) IS NOT 'running'
BEGIN
    SELECT RAISE(ABORT, 'histogram is append-only: its run is not running');
END;

CREATE TRIGGER absent_of_running_run BEFORE INSERT ON absent
WHEN (SELECT run.status FROM block JOIN run ON run.id = block.run WHERE block.id = NEW.block) IS NOT 'running'
BEGIN
    SELECT RAISE(ABORT, 'absent is append-only: its run is not running');
END;
