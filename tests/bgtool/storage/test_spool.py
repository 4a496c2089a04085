"""What a run keeps of many files lies on the disk, in its order."""

import tempfile

import pytest

from bgtool.engine.job import Job
from bgtool.errors import OutputError
from bgtool.storage.spool import BLOCK, Spool
from bgtool.storage.tables import Tables, named, stored


def test_things_come_as_they_went_also_to_two_who_read_at_once():
    names = [f"{number}\udcff.png" for number in range(2 * BLOCK + 7)]
    spool = Spool(Job(name, name) for name in names)
    assert len(spool) == len(names)
    together = zip(spool, spool, names, strict=True)
    assert all(first == second == Job(name, name) for first, second, name in together)
    assert not Spool()


def test_a_temporary_folder_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(OutputError, match="gone"):
        Spool(range(BLOCK))


def test_names_that_are_no_text_are_found_again():
    tables = Tables("CREATE TABLE names (name BLOB PRIMARY KEY) WITHOUT ROWID")
    for name in ("a\udcff", "\ud800", "\0", "ä"):
        tables.do("INSERT INTO names VALUES (?)", stored(name))
        assert named(tables.one("SELECT name FROM names WHERE name = ?", stored(name))[0]) == name
    with pytest.raises(OutputError, match="cannot write temporary files"):
        tables.do("INSERT INTO none VALUES (1)")
