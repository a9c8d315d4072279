-- Waking a CPU is part of a request's time where CPUs may sleep.
ALTER TABLE testbed ADD COLUMN idle_cpus TEXT;         -- kept awake, may sleep; NULL: measured before it was recorded
