"""Documents that are generated, and claims that can be checked."""

import re
import runpy
import subprocess
import sys

import pytest

from bgtool.runtime.catalogue import shipped_models
from bgtool.runtime.session import read_card
from tests.support.places import ROOT


def test_the_command_line_reference_is_what_the_program_says():
    """In a process of its own, for click keeps what other tests made of a command's options."""
    command = [sys.executable, ROOT / "docs" / "cli_reference.py"]
    generated = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True, cwd=ROOT).stdout
    assert (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8") == generated


def test_links_between_documents_lead_somewhere():
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "examples/README.md")]
    for document in [*top, *ROOT.glob("docs/**/*.md")]:
        for link in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
            assert link.startswith("http") or (document.parent / link).exists(), f"{document.name}: {link}"


def test_every_picture_has_the_script_that_makes_it():
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.py"))
    for picture in (ROOT / "docs" / "images").iterdir():
        assert f'"{picture.name}"' in scripts, picture.name
    drawn = (ROOT / "docs" / "reference" / "performance.md").read_text(encoding="utf-8")  # by `make report`
    assert {f.name for f in (ROOT / "docs" / "reference" / "performance").glob("*.png")} <= set(
        re.findall(r"performance/([\w.-]+\.png)", drawn)
    )


def test_the_tables_of_figures_are_those_of_the_cards():
    with_tables = runpy.run_path(str(ROOT / "docs" / "model_tables.py"))["with_tables"]
    page = (ROOT / "docs" / "models" / "person.md").read_text(encoding="utf-8")
    assert "<!-- figures: person -->" in page
    assert with_tables(page) == page


def test_the_model_pages_show_the_figures_of_the_cards():
    for model in shipped_models():
        text = (ROOT / "docs" / "models" / f"{model.task}.md").read_text(encoding="utf-8")
        card = read_card(model.name, model.task)
        assert model.name in text
        if f"<!-- figures: {model.name} -->" in text:
            continue  # made, not written
        for set_name, figures in card.figures.items():
            (row,) = [line for line in text.splitlines() if line.startswith(f"| {set_name} |")]
            for value in figures.values():
                assert f"{value:.2f}" in row, f"{set_name} {value}"


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_files_that_a_page_names_are_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(r"`((?:bgtool|training|export|benchmarks|tests|docs)/[\w/.-]*)`", text)
    modules = re.findall(r"`((?:cli|batch|engine|tasks|imaging|storage|runtime)\.[\w.]+)`", text)
    assert len(named) > 5
    for path in named:
        assert (ROOT / path).exists(), path
    for module in modules:
        place = ROOT.joinpath("bgtool", *module.split("."))
        assert place.with_suffix(".py").is_file() or place.is_dir() or place.parent.with_suffix(".py").is_file(), module
