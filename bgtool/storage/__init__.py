"""Files on the disk: locked, replaced whole, told apart."""
