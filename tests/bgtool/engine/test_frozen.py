"""A frozen program has no Python to start a child with: it starts itself."""

import subprocess
import sys

from PIL import Image

from tests.support.places import ROOT

PROGRAM = """#!{python}
import sys
sys.path.insert(0, {root!r})
sys.frozen, sys.executable = True, {program!r}
print(sys.argv[1:2], file=open({said!r}, "a"))
from bgtool.__main__ import run_frozen
run_frozen()
"""


def test_a_frozen_program_is_its_own_child(tmp_path, tiny_model_file):
    program, said = tmp_path / "bgtool", tmp_path / "said"
    program.write_text(
        PROGRAM.format(python=sys.executable, root=str(ROOT), program=str(program), said=str(said)), encoding="utf-8"
    )
    program.chmod(0o755)
    Image.new("L", (60, 40), 200).save(tmp_path / "a.png")
    command = [program, "clean", tmp_path / "a.png", "-o", tmp_path / "out", "--model", tiny_model_file]
    done = subprocess.run([*command, "--device", "cpu"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "a.png").is_file()
    assert said.read_text().splitlines() == ["['clean']", "['bgtool.engine.serve']"]
    no_ray = subprocess.run([*command, "--engine", "ray"], capture_output=True, text=True, check=False)
    assert no_ray.returncode in (0, 2)
