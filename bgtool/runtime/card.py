"""What a model file says of itself: one JSON object in the ONNX metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from bgtool.errors import ModelError
from bgtool.runtime.task import ModelTask

METADATA_KEY = "bgtool.card"
SCHEMA = 2
"""Of the cards that are written; those of schema 1, without `second_look`, are read too."""

BOUNDS = {"stride": (1, 1024), "halo": (0, 4096), "working_size": (0, 1024), "parameters": (0, 10**12)}
"""Least and largest value of the whole numbers: whatever a card says, a small picture takes little memory."""

LARGEST_VIEW = 2048
"""Longer side in pixels of a view of a photo."""

MOST_VIEWS = 16
LARGEST_NUMBER = 1e9
LONGEST_TEXT, LONGEST_CARD, LONGEST_SHOWN = 1000, 1 << 20, 200
"""Characters of a text on the card, of the whole card, and of what a message shows of either."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """Description of a model; its values have the types named here and keep to the bounds of this module.

    Attributes:
        name: short name, as ``--model`` takes it.
        version: version of the weights.
        task: what the model is for.
        stride: height and width of an input must be multiples of this many pixels.
        halo: radius of the receptive field in pixels, rounded up to the stride.
        working_size: longer side in pixels at which photos are seen (people); 0 for documents, seen at full size.
        scales: the views of a photo whose mean counts, each the working size times one of these (people).
        mirrored: whether there is a mirrored view at each size as well (people).
        second_look: how much a second, closer look at parts with small people counts against the first, 0 to 1; 0:
            none is taken (people).
        precision: ``fp32``, ``fp16`` or ``int8``.
        architecture: the network in one line.
        parameters: number of trained values.
        loss: what it was trained to make small.
        training_data: names of the data sets seen in training.
        figures: measured figures by test set, then by metric.
        licence: licence of the weights.
        date: day of the export, ISO 8601.
        checkpoint_sha256: hex digest of the checkpoint that was exported.

    Raises:
        ModelError: a value has another type or is out of its bounds.
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
    second_look: float = 0.0

    def __post_init__(self) -> None:
        if fault := next(self._faults(), None):
            raise ModelError(f"the card of the model cannot be used: {fault}")

    def _faults(self) -> Iterator[str]:
        """What is wrong, one after the other; each may rely on those before."""
        for name, (least, most) in BOUNDS.items():
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                yield f"{name} is {shown(value)}, not a whole number from {least} to {most}"
        texts = {each.name: getattr(self, each.name) for each in fields(self) if each.type == "str"}
        if wrong := [name for name, value in texts.items() if not is_text(value)]:
            yield f"{wrong[0]} is no line of text of at most {LONGEST_TEXT} characters"
        if not (type(self.training_data) is tuple and all(map(is_text, self.training_data))):
            yield "training_data is no list of texts"
        if not is_table(self.figures):
            yield "figures are no numbers by test set and metric"
        if type(self.mirrored) is not bool:
            yield f"mirrored is {shown(self.mirrored)}, neither true nor false"
        if not (is_number(self.second_look) and 0 <= self.second_look <= 1):
            yield f"second_look is {shown(self.second_look)}, not a number from 0 to 1"
        if self.halo % self.stride:
            yield f"stride {self.stride} and halo {self.halo} fit no tiles"
        if not (type(self.scales) is tuple and 0 < len(self.scales) <= MOST_VIEWS and all(map(is_number, self.scales))):
            yield f"scales are not 1 to {MOST_VIEWS} numbers, which say at which sizes photos are seen"
        views = [self.working_size * scale for scale in self.scales]
        if self.task is ModelTask.PERSON and not (min(views) > 0 and max(views) <= LARGEST_VIEW):
            yield f"it does not say at which sizes, up to {LARGEST_VIEW} pixels, photos are seen"

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
        mirrored = ", each mirrored too" if self.mirrored else ""
        closer = ", small people twice" if self.second_look else ""
        return "views", f"{sizes} px{mirrored}{closer}"

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Card:
        """The card in the metadata of a model file.

        Raises:
            ModelError: there is none, or this version of bgtool cannot read it.
        """
        try:
            values = read_json(metadata[METADATA_KEY])
            schema = values.pop("schema")
        except KeyError:
            raise ModelError("the model has no bgtool card", "export it with `python -m export`") from None
        if type(schema) is not int or not 1 <= schema <= SCHEMA:
            said = f"the card has schema {shown(schema)}; this bgtool reads schemas 1 to {SCHEMA}"
            raise ModelError(said, "update bgtool")
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        try:
            return cls(**values | lists | {"task": ModelTask(values["task"])})
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"the card of the model is incomplete: {shown(error)}") from None


def read_json(text: str) -> dict[str, Any]:
    """The object that a card is. Raises ModelError where the text is none."""
    try:
        values = json.loads(text) if len(text) <= LONGEST_CARD else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ModelError("the card of the model is not readable JSON")
    return values


def shown(value: object) -> str:
    """What a model file says, which may be anything, short enough for a line."""
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def is_text(value: object) -> bool:
    """Whether this is one line of text, without control characters."""
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isprintable()


def is_number(value: object) -> bool:
    """Whether this is a number, and none that is beyond all measure."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER


def is_table(value: object) -> bool:
    """Whether these are numbers by two texts."""
    return isinstance(value, Mapping) and all(
        is_text(key) and isinstance(row, Mapping) and all(map(is_text, row)) and all(map(is_number, row.values()))
        for key, row in value.items()
    )
