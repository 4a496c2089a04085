"""Folders of pictures with their truths, and the order in which they are drawn."""
