"""Two runs that want to write below one prefix of an object store."""

import pytest

from bgtool.errors import OutputError
from bgtool.storage import remote_journal
from bgtool.storage.stores import store_of


def two_runs_on_one_prefix(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """See that the second is refused, and that the first, once its lease is taken over, cannot write any more."""
    first, second = (store_of(bucket).journal(f"{bucket}/two") for _ in range(2))
    line = b'{"output": "a.png", "output_sha256": "%s"}\n' % (b"0" * 64)
    with first.locked():
        with pytest.raises(OutputError, match="another run"), second.locked():
            pass
        monkeypatch.setattr(remote_journal, "LEASE_SECONDS", 0.0)  # as if the first had not been heard of for long
        with second.locked():
            second.append(line)
            first.append(line)
            with pytest.raises(OutputError, match="taken over"):
                first.forget()
            second.forget()
        first._lines.clear()
    assert len(list(first.lines((0, 0, 0)))) == 1
