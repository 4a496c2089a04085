"""The review page of a run: what became of every file, the doubtful ones first."""
