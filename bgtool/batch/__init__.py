"""A run over many files: planned, carried out, put on record."""
