"""What a program that uses bgtool hears of it."""

import logging
import subprocess
import sys

import numpy as np
from PIL import Image

import bgtool


def test_whoever_listens_hears_of_models_and_files(tmp_path, tiny_model_file, caplog):
    Image.fromarray(np.full((40, 30), 230, np.uint8)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    caplog.set_level(logging.INFO, "bgtool")
    bgtool.load_model(str(tiny_model_file), device="cpu")
    bgtool.clean_files(tmp_path, output=tmp_path / "out", model=tiny_model_file, device="cpu")
    heard = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert ("INFO", "model tiny loaded on cpu (asked for)") in heard
    assert [level for level, text in heard if text.startswith("failed") and "bad.png" in text] == ["WARNING"]
    assert [level for level, text in heard if text.startswith("done") and "good.png" in text] == ["INFO"]


def test_nothing_is_printed_where_nobody_listens(tmp_path, tiny_model_file):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    program = "import sys, bgtool; bgtool.clean_files(sys.argv[1], output=sys.argv[2], model=sys.argv[3], device='cpu')"
    run = subprocess.run(
        [sys.executable, "-c", program, tmp_path, tmp_path / "out", tiny_model_file], capture_output=True, check=True
    )
    assert (run.stdout, run.stderr) == (b"", b"")
