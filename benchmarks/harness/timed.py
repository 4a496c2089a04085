"""Run by a bare Python: ``timed.py REPORT CORES COMMAND...``; writes what the command took to REPORT as JSON.

A process of its own, since the peak memory that the system reports of a child includes that of the parent it was
forked from, and this one is small.
"""

import json
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    report, cores, *command = sys.argv[1:]
    if cores:
        os.sched_setaffinity(0, map(int, cores.split(",")))
    start = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    taken = {"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}
    Path(report).write_text(json.dumps(taken))
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
