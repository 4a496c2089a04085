"""Augmentation: from pictures to training samples."""
