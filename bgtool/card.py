"""What a model file says of itself: one JSON object in the ONNX metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from bgtool.errors import ModelError

METADATA_KEY = "bgtool.card"
SCHEMA = 1


class ModelTask(StrEnum):
    """What a model is for; also names its output's meaning."""

    DOCUMENT = "document"
    PERSON = "person"

    @property
    def output(self) -> str:
        """Name of the graph's output: ``page`` (0 ink .. 255 paper) or ``alpha`` (255 person)."""
        return {ModelTask.DOCUMENT: "page", ModelTask.PERSON: "alpha"}[self]


def check_task(name: str, task: ModelTask, wanted: ModelTask) -> None:
    """Raise ModelError if the model of this name is for another task than the one wanted."""
    if task is not wanted:
        raise ModelError(f"model {name} is for task {task}, not {wanted}")


@dataclass(frozen=True, kw_only=True)
class Card:
    """Description of a model.

    Attributes:
        name: short name, as ``--model`` takes it.
        version: version of the weights.
        task: what the model is for.
        stride: height and width of an input must be multiples of this many pixels.
        halo: radius of the receptive field in pixels, rounded up to the stride.
        working_size: longer side in pixels at which photos are seen (people); 0 for documents, seen at full size.
        scales: the views of a photo whose mean counts, each the working size times one of these (people).
        mirrored: whether there is a mirrored view at each size as well (people).
        precision: ``fp32``, ``fp16`` or ``int8``.
        architecture: the network in one line.
        parameters: number of trained values.
        loss: what it was trained to make small.
        training_data: names of the data sets seen in training.
        figures: measured figures by test set, then by metric.
        licence: licence of the weights.
        date: day of the export, ISO 8601.
        checkpoint_sha256: hex digest of the checkpoint that was exported.
    """

    name: str
    version: str
    task: ModelTask
    stride: int
    halo: int
    working_size: int
    precision: str
    architecture: str
    parameters: int
    loss: str
    training_data: tuple[str, ...]
    licence: str
    date: str
    checkpoint_sha256: str
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    scales: tuple[float, ...] = (1.0,)
    mirrored: bool = False

    def to_json(self) -> str:
        """The card as it is written into the model file."""
        return json.dumps({"schema": SCHEMA} | asdict(self), ensure_ascii=False, sort_keys=True)

    def lines(self) -> list[tuple[str, str]]:
        """What a person wants to know, as pairs of name and text."""
        figures = [(f"  {name}", ", ".join(f"{k} {v:g}" for k, v in row.items())) for name, row in self.figures.items()]
        return [
            ("task", str(self.task)),
            ("version", f"{self.version}, {self.date}"),
            ("architecture", f"{self.architecture}; {self.parameters:,} parameters, {self.precision}"),
            ("tiles", f"stride {self.stride}, halo {self.halo}") if self.task is ModelTask.DOCUMENT else self._views,
            ("loss", self.loss),
            ("trained on", ", ".join(self.training_data)),
            ("licence", self.licence),
            *figures,
        ]

    @property
    def _views(self) -> tuple[str, str]:
        sizes = ", ".join(f"{self.working_size * scale:.0f}" for scale in self.scales)
        return "views", f"{sizes} px{', each mirrored too' if self.mirrored else ''}"

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Card:
        """The card in the metadata of a model file.

        Raises:
            ModelError: there is none, or this version of bgtool cannot read it.
        """
        try:
            values: dict[str, Any] = json.loads(metadata[METADATA_KEY])
            schema = values.pop("schema")
        except KeyError:
            raise ModelError("the model has no bgtool card", "export it with `python -m export`") from None
        except (ValueError, TypeError, AttributeError):
            raise ModelError("the card of the model is not readable JSON") from None
        if schema != SCHEMA:
            raise ModelError(f"the card has schema {schema}; this bgtool reads schema {SCHEMA}", "update bgtool")
        try:
            values |= {name: tuple(values[name]) for name in ("training_data", "scales") if name in values}
            card = cls(**values | {"task": ModelTask(values["task"])})
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"the card of the model is incomplete: {error}") from None
        if card.stride < 1 or card.halo < 0 or card.halo % card.stride:
            raise ModelError(f"the card has stride {card.stride} and halo {card.halo}, which fit no tiles")
        if card.task is ModelTask.PERSON and (card.working_size < 1 or not card.scales or min(card.scales) <= 0):
            raise ModelError("the card of the model does not say at which sizes photos are seen")
        return card
