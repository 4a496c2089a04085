"""Pages into files."""
