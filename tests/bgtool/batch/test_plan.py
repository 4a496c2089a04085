import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgtool.batch.history import History
from bgtool.batch.listing import kinds_not_read
from bgtool.batch.plan import Plan, plan
from bgtool.engine.job import Job
from bgtool.errors import UsageError
from bgtool.imaging.formats import Format, Pixels
from bgtool.options import CleanOptions
from bgtool.storage.file_journal import FILE_NAME


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """A fresh folder to work in, so that plans read as on a command line."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def on_record(names: dict[str, str]) -> History:
    """A history, of a folder that is not there, in which these inputs have these outputs."""
    history = History("nowhere")
    for source, output in names.items():
        values = {"input": source, "output": output, "status": "done", "options": "", "model_sha256": ""}
        values |= {"size": 0, "mtime_ns": 0, "input_sha256": "", "output_sha256": ""}
        history.take(json.dumps(values).encode())
    return history


def planned(*inputs: str, output: str = "out", pixels: Pixels = Pixels.GRAY, names=None, **options) -> Plan:
    return plan(CleanOptions(inputs=inputs, output=output, **options), pixels, on_record(names) if names else None)


def pairs(*inputs: str, **options) -> dict[str, str]:
    found = planned(*inputs, **options)
    assert len({job.source for job in found.jobs}) == len(found.jobs)
    return {job.source: job.target for job in found.jobs}


def test_one_folder_is_mirrored_directly(inside):
    files("scans/b/2.png", "scans/1.png", "scans/b/c/3.tif")
    assert list(pairs("scans").items()) == [
        ("scans/1.png", "out/1.png"),
        ("scans/b/2.png", "out/b/2.png"),
        ("scans/b/c/3.tif", "out/b/c/3.tif"),
    ]
    assert pairs("scans", recursive=False) == {"scans/1.png": "out/1.png"}
    assert pairs("scans/") == {
        "scans/1.png": "out/1.png",
        "scans/b/2.png": "out/b/2.png",
        "scans/b/c/3.tif": "out/b/c/3.tif",
    }


def test_several_folders_each_go_below_their_name(inside):
    files("x/a/1.png", "y/a/1.png", "z/1.png", "free.jpg")
    assert pairs("x/a", "y/a", "z", "free.jpg") == {
        "free.jpg": "out/free.jpg",
        "x/a/1.png": "out/a/1.png",
        "y/a/1.png": "out/a-2/1.png",
        "z/1.png": "out/z/1.png",
    }


def test_the_same_input_twice_is_one(inside):
    files("s/a.png")
    assert pairs("s", "./s", "s/") == {"s/a.png": "out/a.png"}
    assert pairs("s/a.png", str(inside / "s/a.png")) == {"s/a.png": "out/a.png"}


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        (("s", "s/sub"), ["out/s/a.png", "out/s/sub/b.png"]),
        (("s/sub", "s"), ["out/s/a.png", "out/sub/b.png"]),
        (("s", "s/sub/b.png"), ["out/a.png", "out/b.png"]),
        (("s", "s/sub/../a.png"), ["out/a.png", "out/sub/b.png"]),
    ],
)
def test_an_input_reached_by_two_arguments_is_one(inside, inputs, outputs):
    files("s/a.png", "s/sub/b.png")
    assert sorted(pairs(*inputs).values()) == outputs


def test_order_is_natural(inside):
    files(*(f"s/page {n}.png" for n in (10, 9, 1, 100)), "s/Page 2.png", "s/10/a.png", "s/9/a.png")
    order = [job.source for job in planned("s").jobs]
    assert order == [
        *(f"s/page {n}.png".replace("page 2", "Page 2") for n in (1, 2, 9, 10, 100)),
        "s/9/a.png",
        "s/10/a.png",
    ]


def test_what_is_no_image_by_name_is_passed_over_unless_named(inside):
    files(
        "s/a.PNG", "s/b.txt", "s/Thumbs.db", "s/.hidden.png", "s/._a.png", "s/.bgtool-1-ab", "s/.git/x.png", "s/c.heic"
    )
    assert pairs("s") == {"s/a.PNG": "out/a.PNG", "s/c.heic": "out/c.png"}
    assert pairs("s/b.txt") == {"s/b.txt": "out/b.png"}


def test_a_folder_called_like_an_image_is_a_folder_and_a_dangling_link_an_image(inside):
    files("s/x.png/1.png")
    Path("s/lost.png").symlink_to("nowhere")
    assert pairs("s") == {"s/lost.png": "out/lost.png", "s/x.png/1.png": "out/x.png/1.png"}
    assert pairs("s/lost.png") == {"s/lost.png": "out/lost.png"}


def test_links_to_folders_are_followed_but_not_in_circles(inside):
    files("s/a/1.png", "other/2.png")
    Path("s/b").symlink_to(inside / "other")
    Path("s/a/up").symlink_to(inside / "s")
    Path("s/self").symlink_to("self")
    assert pairs("s") == {"s/a/1.png": "out/a/1.png", "s/b/2.png": "out/b/2.png"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_subfolder_is_reported(inside):
    files("s/a.png", "s/shut/b.png")
    Path("s/shut").chmod(0)
    found = planned("s")
    assert [job.source for job in found.jobs] == ["s/a.png"]
    [failure] = found.failures
    assert failure.path == "s/shut"
    assert "Permission" in str(failure.error)
    Path("s/shut").chmod(0o700)


def test_the_output_inside_the_input_is_no_input(inside):
    files("s/a.png", "s/out/a.png", "s/out/deep/b.png", "s/z.png")
    assert pairs("s", output="s/out") == {"s/a.png": "s/out/a.png", "s/z.png": "s/out/z.png"}


def test_earlier_outputs_are_no_inputs_unless_named(inside):
    files("a.png", "one/a.png", f"one/{FILE_NAME}", "b/two/a.png", f"b/two/{FILE_NAME}")
    found = planned(".")
    assert [job.source for job in found.jobs] == ["./a.png"]
    [note] = found.notes
    assert "earlier outputs are passed over" in note
    assert list(planned(".", output="one").jobs) == [Job("./a.png", "one/a.png")]
    found = planned("one")
    assert (list(found.jobs), found.notes) == ([Job("one/a.png", "out/a.png")], [])
    assert len(planned(".", "one").jobs) == 2


# --- collisions -------------------------------------------------------------------------------------------------------


def test_a_newcomer_that_would_collide_keeps_its_whole_name(inside):
    files("s/a.jpg", "s/a.png", "s/A.bmp", "s/a.png.gif", "s/b.webp")
    assert pairs("s", format=Format.TIFF) == {
        "s/A.bmp": "out/A.tif",
        "s/a.jpg": "out/a.jpg.tif",
        "s/a.png": "out/a.png.tif",
        "s/a.png.gif": "out/a.png.gif.tif",
        "s/b.webp": "out/b.tif",
    }


def test_names_that_some_file_system_takes_for_one_collide(inside):
    composed, decomposed = "caf\u00e9.png", "cafe\u0301.png"
    files(f"s/{composed}", f"s/{decomposed}", "s/STRASSE.png", "s/straße.png", "t/X/1.png", "t/x/1.png")
    assert len({path.lower() for path in pairs("s").values()}) == 4
    assert sorted(pairs("s").values())[-1] == "out/straße.png.png"
    assert sorted(pairs("t").values()) == ["out/X/1.png", "out/x-2/1.png"]


def test_a_file_gives_way_to_a_mirrored_folder(inside):
    files("s/a.tif/1.png", "s/a.png")
    assert pairs("s", format=Format.TIFF) == {"s/a.png": "out/a.png.tif", "s/a.tif/1.png": "out/a.tif/1.tif"}


def test_files_of_the_same_name_from_different_folders(inside):
    files("x/a.png", "y/a.png", "z/a.png")
    assert pairs("x/a.png", "y/a.png", "z/a.png") == {
        "x/a.png": "out/a.png",
        "y/a.png": "out/a.png.png",
        "z/a.png": "out/a.png-2.png",
    }


def test_names_once_given_stay(inside):
    files("s/a.png")
    earlier = {str(inside / "s/a.png"): "a.tif", str(inside / "s/gone.png"): "a.bmp.tif"}
    files("s/a.bmp", "s/a.gif")
    assert pairs("s", format=Format.TIFF, names=earlier) == {
        "s/a.png": "out/a.tif",
        "s/a.gif": "out/a.gif.tif",
        "s/a.bmp": "out/a.bmp-2.tif",
    }
    assert pairs("s", format=Format.PNG, names=earlier)["s/a.png"] == "out/a.png.png"
    assert pairs("s", format=Format.PNG, names=earlier)["s/a.bmp"] == "out/a.png"


def test_two_inputs_never_get_one_name_even_from_a_spoilt_manifest(inside):
    files("s/a.png", "s/b.png", "s/sub/c.png")
    spoilt = {str(inside / "s" / name): "a.png" for name in ("a.png", "b.png", "sub/c.png")}
    assert len(set(pairs("s", names=spoilt).values())) == 3


NAMES = st.text(alphabet="aAbß.é1", min_size=1, max_size=4).filter(lambda n: not n.startswith("."))
SUFFIXES = st.sampled_from([".png", ".PNG", ".jpg", ".tif", ".gif"])


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.tuples(st.sampled_from(["", "a/", "a.tif/", "b.png/a/"]), NAMES, SUFFIXES), min_size=1),
    st.sampled_from(Format),
)
def test_every_input_has_an_output_of_its_own_and_keeps_it(tmp_path_factory, names, format):
    folder = tmp_path_factory.mktemp("s")
    wanted = set()
    for place, stem, suffix in sorted(names, reverse=True):  # folders first
        path = folder / f"s/{place}{stem}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch()
            wanted.add(str(path))
    options = CleanOptions(inputs=(str(folder / "s"),), output=str(folder / "out"), format=format)
    first = {job.source: job.target for job in plan(options, Pixels.RGB).jobs}
    assert set(first) == wanted
    folded = {target.casefold() for target in first.values()}
    assert len(folded) == len(first)
    folders = {str(Path(target).parent).casefold() for target in first.values()}
    assert not folded & folders
    earlier = {source: os.path.relpath(target, folder / "out") for source, target in first.items()}
    newcomer = folder / "s/A.jpg"
    if not newcomer.exists():
        newcomer.touch()
    second = {job.source: job.target for job in plan(options, Pixels.RGB, on_record(earlier)).jobs}
    assert {source: second[source] for source in first} == first
    assert len({target.casefold() for target in second.values()}) == len(second)


# --- outputs that are no folder ---------------------------------------------------------------------------------------


def test_one_input_may_go_to_one_file_or_a_stream(inside):
    files("a.tif", "dir.png/b.png")
    assert list(planned("a.tif", output="x/clean.jpg").jobs) == [Job("a.tif", "x/clean.jpg")]
    assert planned("a.tif", output="x/clean.jpg").folder is None
    assert list(planned("a.tif", output="-").jobs) == [Job("a.tif", "-")]
    assert list(planned("-", output="-").jobs) == [Job("-", "-")]
    assert list(planned("-").jobs) == [Job("-", "out/stdin.png")]
    assert list(planned("-", format=Format.TIFF).jobs) == [Job("-", "out/stdin.tif")]
    assert list(planned("a.tif", output="dir.png").jobs) == [Job("a.tif", "dir.png/a.tif")]
    assert planned("a.tif", output="folder").folder == "folder"
    assert planned("a.tif", output="v1.5").folder == "v1.5"
    assert planned("dir.png", output="scans.djvu").folder == "scans.djvu"


def test_a_format_that_cannot_hold_the_result_is_said_once(inside):
    files("s/a.jpg", "s/b.jpg", "s/c.png")
    found = planned("s", pixels=Pixels.BILEVEL)
    assert [job.target for job in found.jobs] == ["out/a.png", "out/b.png", "out/c.png"]
    assert found.notes == ["JPEG cannot hold a bilevel result: PNG takes its place"]


@pytest.mark.parametrize(
    ("inputs", "options", "reason"),
    [
        ((), {}, "no input was named"),
        (("missing.png",), {}, "missing.png does not exist"),
        (("empty",), {}, "no images were found"),
        (("s",), {"output": "s"}, "both input and output"),
        (("s",), {"output": "link"}, "both input and output"),
        (("s",), {"output": "s/a.png"}, "takes one result, a folder needs an output folder"),
        (("s",), {"output": "notes.txt"}, "is a file"),
        (("s/a.png", "s/b.png"), {"output": "x.png"}, "there are more inputs"),
        (("s",), {"output": "-"}, "a folder needs an output folder"),
        (("s",), {"output": ""}, "no output was named"),
        (("s/a.png",), {"output": "page.djvu"}, r"\.djvu cannot be written"),
        (("-",), {"output": "page.PSD"}, r"\.psd cannot be written"),
        (("s/a.png", "-"), {"output": "-"}, "takes one result"),
        (("s/a.png",), {"output": "x.gif"}, "cannot be written"),
        (("s/a.png",), {"output": "x.jpg", "pixels": Pixels.BILEVEL}, "cannot hold"),
        (("s/a.png",), {"output": "x.jpg", "format": Format.PNG}, "contradict"),
    ],
)
def test_commands_that_make_no_sense(inside, inputs, options, reason):
    files("s/a.png", "s/b.png", "notes.txt")
    Path("empty").mkdir()
    Path("link").symlink_to("s")
    with pytest.raises(UsageError, match=reason):
        planned(*inputs, **options)


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        (("s/a.png",), "s"),  # a file back into its own folder
        (("s/a.png",), "s/a.png"),
        (("s/a.png",), "alias"),
        (("s", "t"), "."),  # two folders below the folder they are in
        (("nest",), "."),  # its subfolder would land on itself
        (("linked/a.png",), "s"),  # a link to what would be written
    ],
)
def test_an_output_never_takes_the_place_of_an_input(inside, inputs, output):
    files("s/a.png", "t/b.png", "nest/nest/c.png", "nest/c.png", "linked/x.txt")
    Path("linked/a.png").symlink_to(inside / "s/a.png")
    Path("alias").symlink_to("s")
    with pytest.raises(UsageError, match="place of an input"):
        planned(*inputs, output=output)


def test_outputs_beside_inputs_are_fine_where_they_do_not_meet(inside):
    files("s/a.jpg", "nest/deep/c.png")
    assert pairs("s/a.jpg", output="s", format=Format.PNG) == {"s/a.jpg": "s/a.png"}
    assert pairs("nest", output=".") == {"nest/deep/c.png": "./deep/c.png"}


def test_names_that_are_no_text(inside):
    name = b"s/\xff\xe9.png"
    Path("s").mkdir()
    Path(os.fsdecode(name)).touch()
    [job] = planned("s").jobs
    assert os.fsencode(job.source) == name
    assert os.fsencode(job.target) == b"out/\xff\xe9.png"


SUFFIXES = ["jfif", "jif", "pjpeg", "hif", "heics", "jpf", "j2c", "dib", "btf", "tf8", "pam", "apng"]


def test_less_usual_suffixes_are_taken_from_folders(inside):
    files(*(f"s/{suffix}.{suffix}" for suffix in SUFFIXES))
    assert {Path(source).stem for source in pairs("s")} == set(SUFFIXES)
    kept = {suffix for suffix in SUFFIXES if f"out/{suffix}.{suffix}" in pairs("s").values()}
    assert kept == set(SUFFIXES) - {"hif", "heics", "pam", "apng"}  # which are not written


def test_kinds_that_are_not_read_are_counted(inside):
    files("s/a.png", "s/b.DNG", "s/c/d.dng", "s/c/e.txt", "s/c/Makefile", "s/.hidden.txt", "s/Thumbs.db")
    assert kinds_not_read(planned("s").unread) == "4 files of kinds that are not read: .DNG, .txt, no suffix"
    assert kinds_not_read(planned("s", recursive=False).unread) == "1 file of a kind that is not read: .DNG"
    assert kinds_not_read(planned("s/a.png").unread) == ""
    many = {f".{number:02}": 1 for number in range(13)}
    assert kinds_not_read(many).endswith(": .00, .01, .02, .03, .04, .05, .06, .07, .08, .09 and 3 more")
    files("only/clip.mov")
    with pytest.raises(UsageError, match=r"^no images were found, 1 file of a kind that is not read: \.mov"):
        planned("only")


def test_system_folders_are_passed_over_and_said_once(inside):
    system = ["#recycle", "$RECYCLE.BIN", "@eaDir", "lost+found", "__MACOSX", "My.photoslibrary"]
    files("s/a.png", "s/sub/b.png", "s/sub/@eaDir/c.png", *(f"s/{name}/x.png" for name in system))
    found = planned("s")
    assert {job.source for job in found.jobs} == {"s/a.png", "s/sub/b.png"}
    assert len(found.notes) == 1
    assert found.notes[0].startswith("system folders are passed over: ")
    assert set(found.notes[0].partition(": ")[2].split(", ")) == set(system)
    assert pairs("s/@eaDir") == {"s/@eaDir/x.png": "out/x.png"}  # named, it is taken
