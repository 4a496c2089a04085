"""The bytes of a model: a shipped one by its name, or a file of the user's, which is looked at before it is loaded."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bgtool.errors import ModelError
from bgtool.runtime.catalogue import own_model, shipped_model, shipped_models
from bgtool.runtime.external_data import names_files
from bgtool.runtime.task import ModelTask
from bgtool.spelling import suggestion

LARGEST = (1 << 31) - 1
"""Bytes of a protobuf message."""


def read_model(model: str | os.PathLike[str] | None, task: ModelTask | None) -> bytes:
    """The bytes of a shipped model (by name; None for the task's own) or of a file.

    Args:
        model: name or path.
        task: what a shipped model has to be for; None allows any, and without a name stands for documents.

    Raises:
        ModelError: no such model or file, one that takes data from other files, or a shipped one whose sha256 differs.
    """
    entry = own_model(task or ModelTask.DOCUMENT) if model is None else shipped_model(os.fspath(model), task)
    if entry is not None:
        return entry.read()
    path = os.fspath(model or "")
    data = _read_file(path)
    try:
        if names_files(data):
            raise ModelError(f"the model {path!r} takes data from other files", "store them in the model's own file")
    except ValueError as error:
        raise ModelError(f"{path!r} is no ONNX model: {error}") from None
    return data


def _read_file(path: str) -> bytes:
    try:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            reason = "it is no regular file"
        elif found.st_size > LARGEST:
            reason = "it is larger than 2 GiB"
        else:
            return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
    near = suggestion(path, [model.name for model in shipped_models()])
    raise ModelError(f"no model {path!r}: neither shipped nor a readable file ({reason})", near)
