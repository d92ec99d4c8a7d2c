-- The size of each of a function's 64-bit prefetchable BARs in MiB, "16 131072 32": firmware aligns each to its size,
-- so their sum (bar_mib) does not tell whether they fit. NULL: not known.
ALTER TABLE gpu_function ADD COLUMN bars TEXT;
