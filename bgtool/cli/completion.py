"""``bgtool completion``."""

from __future__ import annotations

import click

from bgtool.cli.parameters import Choice


@click.command()
@click.argument("shell", type=Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what completes bgtool's commands and options in a shell.

    bash and zsh: put `eval "$(bgtool completion bash)"`, or zsh, into ~/.bashrc or ~/.zshrc.
    fish: bgtool completion fish > ~/.config/fish/completions/bgtool.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind:
        click.echo(kind(context.find_root().command, {}, "bgtool", "_BGTOOL_COMPLETE").source())
