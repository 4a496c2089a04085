"""Write the measured figures of the shipped models' cards into their pages: `python docs/model_tables.py`.

A page takes a table between the lines `<!-- figures: MODEL -->` and `<!-- end -->`.
"""

from pathlib import Path

from bgtool.runtime.card import Card
from bgtool.runtime.catalogue import shipped_models
from bgtool.runtime.session import read_card

PAGES = Path(__file__).parent / "models"

COLUMNS = {
    "photos": ("photos", 0),
    "jaccard": ("Jaccard", 4),
    "pooled_jaccard": ("pooled Jaccard", 4),
    "cross_entropy": ("cross-entropy", 4),
    "boundary_f_small": ("boundary F, working size", 4),
    "boundary_f": ("boundary F, full size", 4),
    "f_measure": ("F-measure", 2),
    "pseudo_f_measure": ("pseudo-F", 2),
    "psnr": ("PSNR", 2),
    "drd": ("DRD", 2),
}
"""By the metric's name on the card: its title and decimals."""


def table(card: Card) -> str:
    """The figures of a card as a Markdown table, a row per set."""
    shown = [metric for metric in COLUMNS if metric in next(iter(card.figures.values()))]
    rows = [["set", *(COLUMNS[metric][0] for metric in shown)], ["---"] * (1 + len(shown))]
    for name, row in card.figures.items():
        rows.append([name, *(f"{row[metric]:.{COLUMNS[metric][1]}f}" for metric in shown)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def with_tables(page: str) -> str:
    """The text of a page with the tables of today."""
    for model in shipped_models():
        start, end = f"<!-- figures: {model.name} -->", "<!-- end -->"
        if start in page:
            before, rest = page.split(start)
            page = f"{before}{start}\n{table(read_card(model.name, model.task))}\n{end}{rest.split(end, 1)[1]}"
    return page


if __name__ == "__main__":
    for path in PAGES.glob("*.md"):
        path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
