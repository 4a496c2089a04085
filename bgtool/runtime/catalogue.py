"""The models inside the wheel."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from bgtool.errors import ModelError
from bgtool.runtime.task import ModelTask, check_task


@dataclass(frozen=True)
class ShippedModel:
    """One line of ``models/catalogue.json``.

    Attributes:
        name: as ``--model`` takes it.
        task: what it is for; the first of a task is the task's own.
        file: name of the file beside the catalogue.
        sha256: hex digest of that file.
        licence: licence of the weights.
        summary: when to use it.
        int8: name of the model that takes its place where integers are faster, unless the user names one; or empty.
    """

    name: str
    task: ModelTask
    file: str
    sha256: str
    licence: str
    summary: str
    int8: str = ""

    def read(self) -> bytes:
        """The model file.

        Raises:
            ModelError: it is missing or its sha256 is not that of the catalogue.
        """
        try:
            data = (resources.files("bgtool.models") / self.file).read_bytes()
        except OSError:
            raise ModelError(f"the shipped model {self.name} is missing", "reinstall bgtool") from None
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise ModelError(f"the shipped model {self.name} is damaged: its sha256 differs", "reinstall bgtool")
        return data


@cache
def shipped_models() -> tuple[ShippedModel, ...]:
    """All models that ship, in the order of the catalogue."""
    entries = json.loads((resources.files("bgtool.models") / "catalogue.json").read_text(encoding="utf-8"))
    return tuple(ShippedModel(**entry | {"task": ModelTask(entry["task"])}) for entry in entries)


def shipped_model(name: str, task: ModelTask | None) -> ShippedModel | None:
    """The shipped model of that name; None where no model has it.

    Raises:
        ModelError: it is for another task than the one wanted.
    """
    for model in shipped_models():
        if model.name == name:
            check_task(name, model.task, task)
            return model
    return None


def own_model(task: ModelTask) -> ShippedModel:
    """The shipped model that a task takes where the user names none and floating point is no slower than integers.

    Raises:
        ModelError: no model ships for the task.
    """
    for model in shipped_models():
        if model.task is task:
            return model
    raise ModelError(f"no model ships for task {task}", "give one with --model FILE")
