"""``bgtool doctor``."""

from __future__ import annotations

import sys

import click


@click.command()
def doctor() -> None:
    """What this machine can run on, proved by running it."""
    from bgtool.runtime.devices import KINDS
    from bgtool.runtime.doctor import examine

    findings = list(examine())
    for finding in findings:
        click.echo(f"{'ok ' if finding.good else 'no '} {finding.subject:<20} {finding.text}")
    sys.exit(0 if any(finding.good for finding in findings if finding.subject in KINDS) else 3)
