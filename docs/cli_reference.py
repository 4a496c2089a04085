"""Writes docs/reference/cli.md from the help texts: ``python docs/cli_reference.py > docs/reference/cli.md``."""

import click

from bgtool.cli.app import main


def reference() -> str:
    """The help of bgtool and of each of its commands, as Markdown."""
    made = "Made by `python docs/cli_reference.py > docs/reference/cli.md`; a test keeps it true."
    parts = ["# Command line reference", made]
    root = click.Context(main, info_name="bgtool", terminal_width=100, **main.context_settings)
    parts += ["```", main.get_help(root), "```"]
    for name in main.list_commands(root):
        command = main.get_command(root, name)
        context = click.Context(command, info_name=name, parent=root, max_content_width=100, terminal_width=100)
        parts += [f"\n## bgtool {name}\n", "```", command.get_help(context), "```"]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
