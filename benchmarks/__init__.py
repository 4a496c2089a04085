"""Side-by-side measurements: whatever a table compares runs on the same files in one run, taking turns."""
