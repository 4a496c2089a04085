"""What a run imports: whoever waits for its first page waits for that, too."""

import subprocess
import sys

import pytest

IMPORTED = "import sys; print(*sorted(sys.modules.keys() & {names}))"


def imported(program, *names):
    ended = subprocess.run([sys.executable, "-c", program + IMPORTED.format(names=set(names))], capture_output=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


@pytest.mark.parametrize("options", ["CleanOptions(inputs=(), output='')", "CutoutOptions(inputs=(), output='')"])
def test_the_process_that_plans_and_records_handles_no_pixels(options):
    program = f"""
import bgtool.batch.run, bgtool.cli.app, bgtool.cli.progress
from bgtool.options import CleanOptions, CutoutOptions
from bgtool.tasks.order import order_for
order_for({options})
"""
    assert imported(program, "numpy", "PIL.Image", "onnxruntime", "urllib.request", "importlib.metadata") == []


@pytest.mark.parametrize(
    ("options", "others"), [("CleanOptions", "bgtool.tasks.person.cutout"), ("CutoutOptions", "bgtool.tasks.document")]
)
def test_the_process_that_works_imports_what_its_work_needs(options, others):
    program = f"""
import bgtool.engine.worker, bgtool.engine.sessions
from bgtool.options import {options}
from bgtool.tasks.order import order_for
from bgtool.tasks.registry import work_for
work_for(order_for({options}(inputs=(), output='')))
"""
    assert imported(program, others) == []
