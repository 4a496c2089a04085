"""``python -m training``: train a network, or run a checkpoint on images."""

from training.one_line import needing

with needing("training"):
    from training.commands import cli

if __name__ == "__main__":
    cli(prog_name="python -m training")
