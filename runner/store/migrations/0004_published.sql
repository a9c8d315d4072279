-- A published run holds one summary for each metric of a block in the place of
-- samples. They lie packed in the block's own row: a history of 600 series and
-- 2,000 versions is read whole by everybody who reads it, so what counts is
-- bytes, and rows of (block, metric, value) would take twice as many.
--
-- For each metric, by rising `metric.id`: the id as an unsigned LEB128 number,
-- then the value as a little-endian 64-bit float in the metric's unit. NULL: a
-- block with samples, or one without values.
ALTER TABLE block ADD COLUMN summaries BLOB
    CHECK (summaries IS NULL OR (outcome = 'measured' AND length(summaries) >= 9));

-- In which runs a version was measured, without reading them all.
CREATE INDEX run_artifact_by_artifact ON run_artifact (artifact);
