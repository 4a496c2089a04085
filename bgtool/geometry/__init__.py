"""Where a scan lies: its angle, its sheet and its gutter, and the one turn that puts it straight."""
