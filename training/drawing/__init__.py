"""Pages of every kind that people scan, drawn with their ink: what to learn from where no truth is at hand."""
