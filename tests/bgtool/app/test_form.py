"""What is chosen in the window, as options: where results go, further options, and that none is left out."""

from dataclasses import fields

import pytest

from bgtool.app.form import SHOWN, Form
from bgtool.batch.presets import KINDS
from bgtool.options import BatchOptions, CropTo

OPTIONS = pytest.importorskip("bgtool.app.more", reason="there is no nicegui (pip install nicegui)").OPTIONS
BEHIND = {"background", "mask_only"}


@pytest.mark.parametrize("command", KINDS)
def test_every_option_of_a_job_has_a_field_that_fits_its_values(command):
    own = {one.name for one in fields(KINDS[command])} - {one.name for one in fields(BatchOptions)}
    shown = {option.name for option in OPTIONS[command]}
    assert own - BEHIND - set(SHOWN[command]) == shown - {"quality"}
    form = Form(command=command, format="jpeg", inputs=["/a"])
    for option in OPTIONS[command]:
        usual = form.usual(option.name)
        for word in option.words:
            form.set_other(option.name, int(word) if isinstance(usual, int) else word)
            form.format = "tiff"
            assert form.options()
        form.set_other(option.name, usual)


def test_an_option_that_is_as_usual_is_none_that_is_set():
    form = Form(inputs=["/scans"], output="/out")
    form.set_other("deskew", True)
    form.set_other("crop", "page")
    assert form.options().crop is CropTo.PAGE
    assert form.command_line() == "bgtool clean /scans -o /out --deskew --crop=page"
    form.set_other("deskew", False)
    assert form.others == {"crop": "page"}
    form.take_preset("")
    assert form.command_line() == "bgtool clean /scans -o /out"


def test_a_preset_fills_the_further_options(tmp_path):
    (tmp_path / "bgtool.toml").write_text("[clean.mine]\nscale = 'auto'\ndeskew = true\nmargin = 0\nstyle = 'color'\n")
    form = Form(inputs=[str(tmp_path)])
    form.take_preset("mine")
    assert (form.style, form.others) == ("color", {"deskew": True})


def test_files_of_a_list_go_where_the_results_of_their_folder_are(tmp_path):
    scans, results = tmp_path / "scans", tmp_path / "scans-clean"
    (scans / "box" / "deep").mkdir(parents=True)
    page = scans / "box" / "deep" / "a.png"
    form = Form()
    form.take_list("rejected.txt", str(page).encode())
    assert form.target == str(scans / "box" / "deep-clean")
    results.mkdir()
    (results / "bgtool-manifest.jsonl").touch()
    assert form.target == str(results), "a window that was opened anew finds them"
    form.command = "cutout"
    assert form.target == str(scans / "box" / "deep-cut-out")


def test_a_list_keeps_the_output_of_what_it_takes_the_place_of_and_no_longer(tmp_path):
    results, other = tmp_path / "b", tmp_path / "photos"
    for folder in (results, other):
        folder.mkdir()
    (results / "bgtool-manifest.jsonl").touch()
    (tmp_path / "a").mkdir()
    form = Form(inputs=[str(tmp_path / "a")], output=str(results))
    form.take_list("rejected.txt", str(tmp_path / "a" / "1.png").encode())
    form.output = ""
    assert form.target == str(results)
    form.drop_list()
    form.inputs.append(str(other))
    assert form.target == str(tmp_path / "photos-clean")
