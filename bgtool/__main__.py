"""``python -m bgtool``."""

from bgtool.cli import main

if __name__ == "__main__":
    main(prog_name="bgtool")
