"""What every benchmark is measured, kept and told with."""
