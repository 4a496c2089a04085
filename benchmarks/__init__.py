"""Side-by-side measurements: everything a row compares runs interleaved in one process."""
