"""What options take: words, understood in other spellings too."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import click

from bgtool.errors import UsageError, printable
from bgtool.spelling import choice


class Choice(click.Choice[str]):
    """A choice among words, which takes other spellings too and says what may have been meant."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word that is meant."""
        try:
            return choice(value, self.choices, (param and param.name) or "value")
        except UsageError as error:
            self.fail(printable(str(error)), param, ctx)


def words(values: type[StrEnum]) -> list[str]:
    """What an option takes for the values of an enum."""
    return [value.value for value in values]
