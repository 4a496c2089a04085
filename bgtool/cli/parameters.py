"""What options take: words, understood in other spellings too."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import click

from bgtool.errors import UsageError, printable
from bgtool.spelling import choice

Command = TypeVar("Command", bound=Callable[..., Any])


class Choice(click.Choice[str]):
    """A choice among words, which takes other spellings too and says what may have been meant."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word that is meant."""
        try:
            return choice(value, self.choices, (param and param.name) or "value")
        except UsageError as error:
            self.fail(printable(str(error)), param, ctx)


def word_option(name: str, default: StrEnum, help: str) -> Callable[[Command], Command]:
    """An option that takes the values of an enum, with the default shown."""
    words = [value.value for value in type(default)]
    return click.option(name, type=Choice(words), default=default.value, show_default=True, help=help)
