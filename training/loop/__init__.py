"""The training loop: settings, steps, checkpoints, what it says as it goes."""
