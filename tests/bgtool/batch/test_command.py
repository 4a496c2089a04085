"""The command line that options are equal to: a real shell and the real command understand it as it was meant."""

import shlex
import shutil
import subprocess

import click
import pytest

from bgtool.batch.command import command_line, quoted
from bgtool.cli.app import main
from bgtool.options import CleanOptions, CutoutOptions, Empty, Polarity, Style

NAMES = [
    "plain.png",
    "a b'c\"d $HOME `x` \\ !.png",
    "line\nbreak.png",
    "\u202egnp.png",
    "-o.png",
    "ünï 日本.png",
    "\udcff.png",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_gives_back_every_name(name):
    if not shutil.which("bash"):
        pytest.skip("there is no bash")
    text = quoted(name, "posix")
    assert text.isprintable()
    said = subprocess.run(["bash", "-c", f"printf %s {text}"], capture_output=True, check=True).stdout
    assert said == name.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("word", "text"),
    [
        (r"C:\scans\1.png", r"C:\scans\1.png"),
        ("C:\\my scans\\", '"C:\\my scans\\\\"'),
        ("$a it's.png", "'$a it''s.png'"),
        ("a&b (1).png", '"a&b (1).png"'),
    ],
)
def test_windows_quotes_otherwise(word, text):
    assert quoted(word, "nt") == text


@pytest.mark.parametrize(
    "options",
    [
        CleanOptions(inputs=("a.png", "-b.png"), output="-out", style=Style.BILEVEL, polarity=Polarity.KEEP, scale=2),
        CleanOptions(inputs=("a",), output="out", recursive=False, checksum=True, jobs=3),
        CutoutOptions(inputs=("a",), output="out", background="#336699", edge=-2, crop=True, empty=Empty.SKIP),
    ],
)
def test_the_command_line_reads_it_back(options):
    _, name, *arguments = shlex.split(command_line(options))
    with main.commands[name].make_context(name, arguments, click.Context(main)) as context:
        for field in set(vars(options)) - {"inputs", "output", "scale"}:
            assert str(context.params[field]) == str(getattr(options, field)), field
        assert context.params["inputs"] == tuple(path.replace("-b", "./-b") for path in options.inputs)
        assert str(context.params.get("scale", "0")).replace("auto", "0") == str(getattr(options, "scale", 0))


def test_what_is_usual_is_left_out():
    assert command_line(CleanOptions(inputs=("a",), output="b")) == "bgtool clean a -o b"
    listed = CleanOptions(inputs=("a", "c"), output="b")
    assert command_line(listed, from_list="my list") == "bgtool clean --from-list 'my list' -o b"
