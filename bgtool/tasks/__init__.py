"""What is done to a page or a photo."""
