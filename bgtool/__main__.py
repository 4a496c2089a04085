"""The command ``bgtool``, also as ``python -m bgtool`` and as a frozen program, which is its own child process."""

import os
import sys

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


def run_frozen() -> None:
    """What `run` does, or the jobs of the `bgtool` that started this one."""
    from bgtool.engine.child import SERVE

    if sys.argv[1:] != [SERVE]:
        run()
    else:
        from bgtool.engine.serve import main

        main()


if __name__ == "__main__":
    run_frozen() if getattr(sys, "frozen", False) else run()
