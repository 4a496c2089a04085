"""``bgtool models``."""

from __future__ import annotations

import click


@click.command()
def models() -> None:
    """What ships, with its card."""
    from bgtool.runtime.catalogue import shipped_models
    from bgtool.runtime.session import read_card

    for model in shipped_models():
        card = read_card(model.name, model.task)
        click.echo(f"{model.name}: {model.summary}")
        for name, text in card.lines():
            click.echo(f"  {name:<14} {text}")
        click.echo(f"  {'sha256':<14} {model.sha256}")
