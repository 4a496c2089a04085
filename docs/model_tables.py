"""Write the measured figures of the shipped person models' cards into their pages: `python docs/model_tables.py`.

A page takes a table between the lines `<!-- figures: MODEL -->` and `<!-- end -->`.
"""

from pathlib import Path

from bgtool.card import Card
from bgtool.catalogue import shipped_models
from bgtool.runtime import read_card

PAGES = Path(__file__).parent / "models"

COLUMNS = {
    "photos": "photos",
    "jaccard": "Jaccard",
    "pooled_jaccard": "pooled Jaccard",
    "cross_entropy": "cross-entropy",
    "boundary_f_small": "boundary F, working size",
    "boundary_f": "boundary F, full size",
}


def table(card: Card) -> str:
    """The figures of a person model's card as a Markdown table, a row per set."""
    shown = [metric for metric in COLUMNS if metric in next(iter(card.figures.values()))]
    rows = [["set", *(COLUMNS[metric] for metric in shown)], ["---"] * (1 + len(shown))]
    for name, row in card.figures.items():
        values = [row[metric] for metric in shown]
        rows.append([name, *(f"{value:.4f}" if isinstance(value, float) else str(value) for value in values)])
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
