"""``python -m training``: train a network, or run a checkpoint on images."""

from training.cli.errors import needing

with needing("training"):
    from training.cli.app import cli

if __name__ == "__main__":
    cli(prog_name="python -m training")
