"""Files that say how weights were made, and the command that makes them again."""
