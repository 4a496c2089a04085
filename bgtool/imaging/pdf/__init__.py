"""What reading and writing know of PDF."""
