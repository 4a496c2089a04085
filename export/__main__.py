"""``python -m export``: from a checkpoint to a model that bgtool runs."""

from training.cli.errors import needing

with needing("export"):
    from export.cli import cli

if __name__ == "__main__":
    cli(prog_name="python -m export")
