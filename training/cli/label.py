"""Label photos anew."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from training.cli.errors import one_line


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--boxes", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True,
              help="JSON: {stem of a photo: [[left, top, right, bottom], ...]}, in 0..1.")  # fmt: skip
@click.option("--model", default="person", help="Network that labels: a file, or the name of a shipped one.")
@click.option("--keep-masks", is_flag=True,
              help="Keep the masks of FOLDER; ignore, too, where the network is sure of something else.")  # fmt: skip
@click.option("--output", "-o", type=click.Path(file_okay=False, path_type=Path), required=True, help="New folder.")
def label(folder: Path, boxes: Path, model: str, keep_masks: bool, output: Path) -> None:
    """Label the photos of FOLDER, a set of img/ and mask/, anew where boxes tell that there are people.

    A photo without boxes is left out. The same command again goes on where the last one stopped.
    """
    from PIL import Image

    from bgtool.runtime.session import load_model
    from training.data.labels import Labels, alpha_in_boxes, read_boxes
    from training.data.pairs import find_pairs

    with one_line():
        known, network = read_boxes(boxes), load_model(model, task="person")
        pairs = [pair for pair in find_pairs(folder, "mask") if pair.image.stem in known]
        for name in ("img", "mask", "ignore"):
            (output / name).mkdir(parents=True, exist_ok=True)
        with click.progressbar(pairs, label=f"labelling {len(pairs)} photos", file=sys.stderr) as bar:
            for pair in bar:
                mask = output / "mask" / f"{pair.image.stem}.png"
                if mask.exists():
                    continue
                with Image.open(pair.image) as photo:
                    within = known[pair.image.stem]
                    labels = Labels.of(alpha_in_boxes(photo.convert("RGB"), within, network), within)
                if keep_masks:
                    labels = labels.checking(Labels.read(pair))
                shutil.copyfile(pair.image, output / "img" / pair.image.name)
                labels.save(mask, output / "ignore" / mask.name)
