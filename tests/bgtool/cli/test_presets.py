"""Presets: what they set, what wins, and what is said of a wrong key."""

import click
import pytest

from bgtool.batch.presets import FILE_NAME, OPTIONS, SHIPPED
from bgtool.cli.app import main
from bgtool.cli.clean import clean
from bgtool.cli.cutout import cutout
from bgtool.cli.presets import apply
from bgtool.errors import UsageError


def values(command, *arguments):
    """The options of a command line, after its preset."""
    program = click.Context(main, **main.context_settings)
    context = command.make_context(command.name, [*map(str, arguments), "-o", "out"], program)
    with context:
        found = dict(context.params)
        apply(context, found)
    return found


def is_switch(option):
    """Whether an option takes no value."""
    return isinstance(option, click.Option) and option.is_bool_flag


@pytest.mark.parametrize("command", [clean, cutout])
@pytest.mark.parametrize("name", ["archive", "web", "print"])
def test_what_ships_can_be_taken(command, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = values(command, "in", "--preset", name)
    shipped = SHIPPED[command.name][name]
    assert {key: found[key] for key in shipped} == shipped


def test_the_command_line_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert values(clean, "in", "--preset", "print", "--style", "color")["style"] == "color"
    assert values(clean, "in", "--preset", "archive")["format"] == "tiff"
    assert values(clean, "in")["format"] == "same"


def test_own_presets_of_the_working_folder_come_before_those_of_an_input_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bgtool.toml").write_text('[clean.mine]\nstyle = "color"\n[clean.web]\nquality = 10\n')
    assert values(clean, "in", "--preset", "mine")["style"] == "color"
    assert values(clean, "in", "--preset", "web")["quality"] == 10
    (tmp_path / "bgtool.toml").write_text('[clean.mine]\nstyle = "bw"\nmax-megapixels = 5\nscale = "2"\n')
    found = values(clean, "in", "--preset", "mine")
    assert (found["style"], found["max_megapixels"], found["scale"]) == ("bilevel", 5.0, "2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[clean.mine]\nstyel = "gray"', "did you mean style"),
        ("[clean.mine]\noverwrite = true", "unknown key 'overwrite'"),
        ("[clean.mine]\nbackground = 'red'", "unknown key 'background'"),
        ("[claen.mine]\nstyle = 'gray'", "did you mean clean"),
        ("[clean]\nmine = 3", "is no table"),
        ("style = gray", "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(text, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bgtool.toml").write_text(text)
    with pytest.raises(UsageError, match=said):
        values(clean, "in", "--preset", "mine")


def test_a_wrong_value_or_name_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="did you mean archive"):
        values(clean, "in", "--preset", "archiv")
    (tmp_path / "bgtool.toml").write_text("[clean.mine]\nquality = 400\n")
    with pytest.raises(click.BadParameter, match="400"):
        values(clean, "in", "--preset", "mine")


def test_what_the_command_line_rules_out_is_not_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert values(clean, "in", "--preset", "web", "--format", "png")["quality"] is None
    found = values(cutout, "in", "--preset", "print", "--mask-only")
    assert (found["mask_only"], found["background"]) == (True, "transparent")


def test_a_preset_may_frame_people(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE_NAME).write_text('[cutout.pass]\nsize = "35x45mm"\nedge = -1\n')
    found = values(cutout, "in", "--preset", "pass")
    assert (found["size"], found["edge"]) == ("35x45mm", -1)
    assert values(cutout, "in", "--preset", "pass", "--aspect", "3:4")["size"] == ""


@pytest.mark.parametrize("command", [clean, cutout])
def test_whatever_a_preset_switches_on_or_off_the_command_line_can_switch_back(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    switches = {
        option.name: option.default for option in command.params if option.name in OPTIONS and is_switch(option)
    }
    lines = [f"{name} = {str(not usual).lower()}" for name, usual in switches.items()]
    (tmp_path / FILE_NAME).write_text("\n".join([f"[{command.name}.all]", *lines]))
    words = [f"--{'' if usual else 'no-'}{name.replace('_', '-')}" for name, usual in switches.items()]
    assert {"checksum", "recursive"} < switches.keys()
    for name, usual in switches.items():
        assert values(command, "in", "--preset", "all")[name] is not usual
        assert values(command, "in", "--preset", "all", *words)[name] is usual


def test_no_crop_leaves_nothing_of_a_preset_that_crops(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE_NAME).write_text('[cutout.shop]\ncrop = true\npadding = "5%"\naspect = "3:4"\nedge = 1\n')
    found = values(cutout, "in", "--preset", "shop", "--no-crop")
    assert (found["crop"], found["padding"], found["aspect"], found["edge"]) == (False, "", "", 1)
    assert values(cutout, "in", "--preset", "shop", "--crop")["padding"] == "5%"
    assert values(cutout, "in", "--preset", "shop", "--size", "35x45mm")["padding"] == ""
    assert values(cutout, "in", "--preset", "shop", "--size", "")["padding"] == "5%"


def test_a_background_is_asked_for_in_place_of_the_mask_of_a_preset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE_NAME).write_text('[cutout.masks]\nmask-only = true\n[cutout.red]\nbackground = "red"\n')
    assert values(cutout, "in", "--preset", "masks", "--background", "white")["mask_only"] is False
    assert values(cutout, "in", "--preset", "red", "--no-mask-only")["background"] == "red"
