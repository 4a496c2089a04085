"""The command ``bgtool``, also as ``python -m bgtool``."""

import os

from bgtool.engine.interrupts import INTERRUPTED, hear, leave


def run() -> None:
    """Run the command line and leave with its status; a signal before anything has begun just ends it."""
    hear(leave)
    from bgtool.cli.app import main

    try:
        main(prog_name="bgtool")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            os._exit(INTERRUPTED)  # a thread that does not come back must not be waited for, nor torn down
        raise


if __name__ == "__main__":
    run()
