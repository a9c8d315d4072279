-- More of what measurements stand on. NULL: not known, or measured before it was
-- recorded; such a testbed keeps its fingerprint.
ALTER TABLE testbed ADD COLUMN cores INTEGER;          -- physical cores
ALTER TABLE testbed ADD COLUMN turbo INTEGER CHECK (turbo IN (0, 1)); -- may the clock rise above its nominal rate
ALTER TABLE testbed ADD COLUMN huge_pages TEXT;        -- transparent ones: always, madvise, never
ALTER TABLE testbed ADD COLUMN harness TEXT;           -- the tools, to the second number of their version
ALTER TABLE testbed ADD COLUMN load_generator TEXT;    -- the load generator, likewise
