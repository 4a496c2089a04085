"""Words that are nearly right, in options, commands and names."""

import pytest
from click.testing import CliRunner
from PIL import Image

from bgtool.cli.app import main
from bgtool.errors import ModelError, UsageError
from bgtool.imaging.formats import Format
from bgtool.options import Style, with_enums
from bgtool.runtime.devices import parse_device
from bgtool.runtime.session import load_model
from bgtool.tasks.person.backgrounds import read_background


@pytest.mark.parametrize(
    ("option", "text", "meant"),
    [
        ("style", "grey", Style.GRAY),
        ("style", "Gray", Style.GRAY),
        ("style", "greyscale", Style.GRAY),
        ("style", "colour", Style.COLOR),
        ("style", "bw", Style.BILEVEL),
        ("format", "jpg", Format.JPEG),
        ("format", ".JPG", Format.JPEG),
        ("format", "tif", Format.TIFF),
        ("format", Format.WEBP, Format.WEBP),
    ],
)
def test_other_spellings_are_understood(option, text, meant):
    assert with_enums({option: text})[option] is meant


@pytest.mark.parametrize(
    ("ask", "near"),
    [
        (lambda: with_enums({"style": "gry"}), "did you mean gray?"),
        (lambda: with_enums({"style": "sepia"}), "take gray, bilevel or color"),
        (lambda: with_enums({"style": None}), "unknown style 'None'"),
        (lambda: with_enums({"format": "jepg"}), "did you mean jpeg?"),
        (lambda: parse_device("gpu"), "did you mean cuda?"),
        (lambda: parse_device("openvno"), "did you mean openvino?"),
        (lambda: read_background("whit"), "did you mean white?"),
        (lambda: read_background("light blue"), "did you mean lightblue?"),
        (lambda: read_background("Transparent"), "did you mean transparent?"),
        (lambda: load_model("documnt"), "did you mean document?"),
        (lambda: load_model(task="documnet"), "did you mean document?"),
    ],
)
def test_what_may_have_been_meant_is_told(ask, near):
    with pytest.raises((UsageError, ModelError)) as caught:
        ask()
    assert near in str(caught.value)


@pytest.mark.parametrize(
    ("command", "near"),
    [
        (["claen", "a", "-o", "b"], "did you mean clean?"),
        (["my-pages", "-o", "b"], "take clean, cutout"),
        (["clean", "a", "-o", "b", "--style", "bilvel"], "did you mean bilevel?"),
        (["clean", "a", "-o", "b", "--format", "pngg"], "did you mean png?"),
        (["clean", "a", "-o", "b", "--qualty", "5"], "--quality"),
        (["score", "setup.cfg", "setup.cfg", "--task", "persn"], "did you mean person?"),
        (["clean", "setup.cfg", "-o", "b", "--device", "cdua"], "did you mean cuda?"),
        (["clean", "setup.cfg", "-o", "b", "--device", "cpu,opnvino"], "did you mean openvino?"),
        (["clean", "setup.cfg", "-o", "b", "--device", "mps"], "take auto, cuda"),
        (["clean", "setup.cfg", "-o", "b", "--preset", "archiv"], "did you mean archive?"),
        (["clean", "setup.cfg", "-o", "b", "--preset", "nothing"], "take archive, web or print"),
    ],
)
def test_the_command_line_tells_it_too(command, near):
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert near in result.stderr


@pytest.mark.parametrize(
    ("command", "near"),
    [
        (["clean", "--model", "documnet"], "did you mean document?"),
        (["clean", "--model", "document_fast"], "did you mean document-fast?"),
        (["cutout", "--model", "persn"], "did you mean person?"),
    ],
)
def test_a_model_that_is_not_there_is_an_error_of_its_own_with_what_may_have_been_meant(tmp_path, command, near):
    picture = tmp_path / "a.png"
    Image.new("L", (9, 9)).save(picture)
    result = CliRunner().invoke(main, [*command, str(picture), "-o", str(tmp_path / "out")])
    assert result.exit_code == 3
    assert near in result.stderr
    assert not list(tmp_path.glob("out/*"))


def test_the_command_line_understands_other_spellings(tmp_path):
    """It gets as far as the input that is not there."""
    result = CliRunner().invoke(main, ["clean", str(tmp_path / "a"), "-o", "b", "--style", "grey", "--format", "jpg"])
    assert "a does not exist" in result.stderr
