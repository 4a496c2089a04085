"""What networks are for; options, cards, scores and the catalogue mean the same by it."""

from __future__ import annotations

from enum import StrEnum

from bgtool.errors import ModelError

UPRIGHT = "upright"
"""Name of the output by which a person model may tell which way is up: float32 [N], see `Model.upright`."""


class ModelTask(StrEnum):
    """What a model is for; also names its output's meaning."""

    DOCUMENT = "document"
    PERSON = "person"

    @property
    def output(self) -> str:
        """Name of the graph's output: ``page`` (0 ink .. 255 paper) or ``alpha`` (255 person)."""
        return {ModelTask.DOCUMENT: "page", ModelTask.PERSON: "alpha"}[self]


def check_task(name: str, task: ModelTask, wanted: ModelTask | None) -> None:
    """Raise ModelError if the model of this name is for another task than the one wanted, if any."""
    if wanted and task is not wanted:
        raise ModelError(f"model {name} is for task {task}, not {wanted}")
