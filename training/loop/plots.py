"""Curves of a training: a CSV log and a PNG."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def write_csv(path: Path, log: Sequence[dict[str, float]]) -> None:
    """One line an epoch, the columns of all rows in order of first appearance."""
    columns = list(dict.fromkeys(key for row in log for key in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(log)


def plot_curves(path: Path, log: Sequence[dict[str, float]], metric: str) -> None:
    """Train loss and validation metric against the epoch, side by side."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    left.plot([row["epoch"] for row in log], [row["loss"] for row in log])
    left.set(xlabel="epoch", ylabel="train loss")
    measured = [row for row in log if metric in row]
    right.plot([row["epoch"] for row in measured], [row[metric] for row in measured], marker=".")
    right.set(xlabel="epoch", ylabel=f"validation {metric}")
    for axis in (left, right):
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    plt.close(figure)
