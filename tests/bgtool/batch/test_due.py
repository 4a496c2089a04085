"""What a run says of earlier outputs that lie in its folder."""

import numpy as np
import pytest
from PIL import Image

import bgtool
from bgtool.batch.observer import Silent


class Notes(Silent):
    """Keeps what is said of the whole run."""

    def __init__(self):
        self.said = []

    def note(self, text):
        self.said.append(text)


@pytest.fixture
def run(tmp_path, tiny_model_file):
    """Runs over two scans and gives what was said."""
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        Image.fromarray(np.full((40, 30), 230, np.uint8)).save(tmp_path / "in" / f"{name}.png")

    def clean(folder="in", **options):
        notes = Notes()
        bgtool.clean_files(
            tmp_path / folder,
            output=tmp_path / "out",
            model=str(tiny_model_file),
            device="cpu",
            observer=notes,
            **options,
        )
        return [text for text in notes.said if "stay" in text]

    return clean


def test_another_format_leaves_outputs_under_other_names_and_says_so(run, tmp_path):
    assert run() == []
    assert run(format="jpeg") == ["under other names, earlier outputs of the same inputs stay: a.png, b.png"]
    assert run(format="jpeg") == []
    assert sorted(path.name for path in (tmp_path / "out").glob("[ab].*")) == ["a.jpg", "a.png", "b.jpg", "b.png"]


def test_inputs_that_were_moved_and_became_another_format_are_not_gone(run, tmp_path):
    run()
    (tmp_path / "in").rename(tmp_path / "moved")
    (tmp_path / "moved" / "b.png").unlink()
    assert run("moved", format="jpeg") == ["outputs whose inputs are gone stay: b.png"]


def test_outputs_whose_inputs_are_gone_are_named_and_kept(run, tmp_path):
    run()
    (tmp_path / "in" / "b.png").unlink()
    assert run() == run(dry_run=True) == ["outputs whose inputs are gone stay: b.png"]
    assert (tmp_path / "out" / "b.png").exists()
