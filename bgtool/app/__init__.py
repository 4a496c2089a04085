"""The window: a page in a browser of this machine, from a folder to its results without a terminal."""
