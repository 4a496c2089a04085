"""Inputs and outputs in an object store: what a disk gives, whatever the network does."""

import hashlib
import json
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import bgtool
from bgtool.batch.verification import Verification
from bgtool.errors import BgtoolError, InputError, OutputError, UsageError
from bgtool.storage.file_journal import FILE_NAME as MANIFEST
from bgtool.storage.places import ANYTHING, FREE, Place
from bgtool.storage.remote_listing import MANY
from bgtool.storage.stores import store_of
from bgtool.storage.urls import checked
from tests.support.leases import two_runs_on_one_prefix
from tests.support.object_store import CREDENTIALS, Fault, object_store
from tests.support.pages import tree, write_pages
from tests.support.scans import on_bed, page, spread

pytest.importorskip("s3fs")
pytest.importorskip("moto")

PAGES = 8


@pytest.fixture(scope="module")
def server():
    with object_store() as proxy:
        for bucket in ("scans", "clean"):
            store_of("s3://").fs.call_s3("create_bucket", Bucket=bucket)
        yield proxy


@pytest.fixture
def store(server):
    """The server without faults, its buckets empty."""
    server.faults, server.before = [], lambda method, path: None
    fs = store_of("s3://").fs
    store_of("s3://").refresh()
    for bucket in ("scans", "clean"):
        if found := fs.find(bucket):
            fs.rm(found)
    server.seen.clear()
    return server


@pytest.fixture(scope="module")
def pages(tmp_path_factory, tiny_model_file):
    """Pages on a disk, and what becomes of them there."""
    folder = tmp_path_factory.mktemp("pages")
    write_pages(folder / "in", PAGES)
    summary = clean(tiny_model_file, folder / "in", output=folder / "out")
    assert (summary.done, summary.failed) == (PAGES, 0)
    return folder


def clean(model, *inputs, output):
    return bgtool.clean_files(*inputs, output=output, model=model, device="cpu")


def upload(folder, url):
    for name, content in tree(folder).items():
        store_of(url).fs.pipe_file(f"{url}/{name}", content)


def objects(url):
    """Contents by name below a prefix, bookkeeping left out."""
    fs, prefix = store_of(url).fs, url.partition("://")[2]
    found = {path.removeprefix(f"{prefix}/"): fs.cat_file(path) for path in fs.find(prefix)}
    return {name: content for name, content in found.items() if MANIFEST not in name}


def lines(url):
    return [json.loads(line) for _, line in store_of(url).journal(url).lines((0, 0, 0))]


def uploads():
    return store_of("s3://").fs.call_s3("list_multipart_uploads", Bucket="clean").get("Uploads", [])


def test_a_prefix_is_done_as_a_folder_is_and_not_twice(store, pages, tiny_model_file):
    upload(pages / "in", "s3://scans/tree")
    before = objects("s3://scans/tree")
    store.seen.clear()
    assert clean(tiny_model_file, "s3://scans/tree/", output="s3://clean/tree").done == PAGES
    assert store.requests("GET", "^/scans/tree/") == PAGES, "each input is read once"
    assert objects("s3://clean/tree") == tree(pages / "out")
    assert objects("s3://scans/tree") == before
    local = map(json.loads, (pages / "out" / MANIFEST).read_text().splitlines())
    kept = ("input", "input_sha256", "output", "output_sha256", "output_size", "status", "options", "pages")
    made = lines("s3://clean/tree")
    assert sorted([line[key] for key in kept] for line in made) == sorted([line[key] for key in kept] for line in local)
    assert {line["root"] for line in made} == {"s3://scans/tree"}
    store.seen.clear()
    again = clean(tiny_model_file, "s3://scans/tree", output="s3://clean/tree")
    assert (again.done, again.skipped) == (0, PAGES)
    assert not store.requests("GET", "^/scans/tree/")
    assert not store.requests("PUT", r"^/clean/tree/[ab]/")
    left = [path for path in store_of("s3://").fs.find("clean/tree") if MANIFEST in path]
    assert all(path.endswith(".jsonl") for path in left), "neither lease nor announcements stay"


def test_a_prefix_is_verified_as_a_folder_is(store, pages, tiny_model_file, tmp_path):
    upload(pages / "in", "s3://scans/v")
    clean(tiny_model_file, "s3://scans/v", output="s3://clean/v")
    assert list(Verification("s3://clean/v").findings()) == []
    fs, (gone, changed, *_) = store_of("s3://").fs, sorted(objects("s3://clean/v"))
    fs.rm(f"clean/v/{gone}")
    fs.pipe_file(f"clean/v/{changed}", b"other")
    fs.pipe_file("clean/v/mine.txt", b"mine")
    store_of("s3://").refresh()
    found = {(finding.kind, finding.path) for finding in Verification("s3://clean/v").findings()}
    assert found == {
        ("missing", f"s3://clean/v/{gone}"),
        ("changed", f"s3://clean/v/{changed}"),
        ("orphaned", "s3://clean/v/mine.txt"),
    }


def test_both_halves_of_a_double_page_land_once_and_are_verified(store, tiny_model_file, tmp_path):
    on_bed(spread(), 2)[0].save(tmp_path / "book.png")
    page().save(tmp_path / "single.png")
    upload(tmp_path, "s3://scans/books")
    options = {"output": "s3://clean/books", "model": tiny_model_file, "device": "cpu", "split": "auto"}
    assert bgtool.clean_files("s3://scans/books", **options).done == 2
    made = objects("s3://clean/books")
    assert sorted(made) == ["book-1.png", "book-2.png", "single.png"]
    [line] = [line for line in lines("s3://clean/books") if line["input"] == "book.png"]
    told = (line["output_sha256"], line["second"]["output_sha256"])
    assert told == tuple(hashlib.sha256(made[f"book-{half}.png"]).hexdigest() for half in (1, 2))
    again = bgtool.clean_files("s3://scans/books", **options)
    assert (again.done, again.skipped) == (0, 2)
    assert list(Verification("s3://clean/books").findings()) == []
    store_of("s3://").fs.rm("clean/books/book-2.png")
    store_of("s3://").refresh()
    found = [(finding.kind, finding.path) for finding in Verification("s3://clean/books").findings()]
    assert found == [("missing", "s3://clean/books/book-2.png")]
    again = bgtool.clean_files("s3://scans/books", **options)
    assert (again.done, again.skipped) == (1, 1)
    assert objects("s3://clean/books") == made


def test_a_new_version_is_done_again_alone_and_urls_go_with_paths(store, pages, tiny_model_file, tmp_path):
    upload(pages / "in" / "a", "s3://scans/x")
    clean(tiny_model_file, "s3://scans/x", output="s3://clean/x")
    names = sorted(objects("s3://scans/x"))
    other = (pages / "in" / "b" / "c" / "page 0.png").read_bytes()
    store_of("s3://").fs.pipe_file(f"s3://scans/x/{names[0]}", other)
    again = clean(tiny_model_file, "s3://scans/x", output="s3://clean/x")
    assert (again.done, again.skipped) == (1, len(names) - 1)
    mixed = clean(tiny_model_file, pages / "in" / "b", "s3://scans/x", output=tmp_path / "out")
    assert mixed.failed == 0
    assert {path.split("/")[0] for path in tree(tmp_path / "out")} == {"b", "x"}


def test_foreign_objects_stay_also_one_that_comes_while_the_output_is_made(store, pages, tiny_model_file):
    upload(pages / "in" / "a", "s3://scans/f")
    first, second, *others = sorted(objects("s3://scans/f"))
    fs = store_of("s3://").fs
    fs.pipe_file(f"s3://clean/f/{first}", b"theirs")
    arriving, arrived = threading.Lock(), []

    def arrive(method, path):
        if method == "PUT" and "/begun/" in path:
            with arriving:  # no output is made before it is there
                if not arrived:
                    fs.pipe_file(f"s3://clean/f/{second}", b"theirs too")
                    arrived.append(second)

    store.before = arrive
    summary = clean(tiny_model_file, "s3://scans/f", output="s3://clean/f")
    assert (summary.done, summary.failed) == (len(others), 2)
    assert fs.cat_file(f"s3://clean/f/{first}") == b"theirs"
    assert fs.cat_file(f"s3://clean/f/{second}") == b"theirs too"
    errors = " ".join(outcome.error for outcome in summary.outcomes)
    assert "not of bgtool's making" in errors
    assert "came there" in errors


def test_faults_of_the_network_cost_no_file(store, pages, tiny_model_file):
    upload(pages / "in", "s3://scans/n")
    store.faults += [
        Fault("cut", "GET", "^/scans/n/", times=3),
        Fault("503", "GET", "^/scans/n/", times=2),
        Fault("503 SlowDown", "PUT", "^/clean/n/[ab]/", times=2),
        Fault("409 ConditionalRequestConflict", "PUT", "^/clean/n/[ab]/"),
        Fault("slow", "GET", "^/scans/n/", times=2),
        Fault("lost", "PUT", "^/clean/n/[ab]/", times=2),
        Fault("lost", "PUT", f"^/clean/n/{MANIFEST}/00000002"),
        Fault("500", "HEAD", "^/scans/n/", times=2),
        Fault("503", "GET", r"^/scans\?list-type"),
    ]
    summary = clean(tiny_model_file, "s3://scans/n", output="s3://clean/n")
    assert (summary.done, [outcome.error for outcome in summary.outcomes if outcome.error]) == (PAGES, [])
    assert not any(fault.times for fault in store.faults)
    assert objects("s3://clean/n") == tree(pages / "out")
    assert len(lines("s3://clean/n")) == PAGES
    assert not uploads()


def test_what_goes_wrong_with_one_object_is_one_clear_line_without_credentials(store, pages, tiny_model_file):
    page = (pages / "in" / "b" / "c" / "page 0.png").read_bytes()
    said = {
        "403 AccessDenied": "access was denied (403",
        "403 RequestTimeTooSkewed": "the clock of this machine is off",
        "403 SignatureDoesNotMatch": "the credentials are wrong",
        "400 ExpiredToken": "the credentials have expired",
        "404 NoSuchKey": "there is no such object",
        "501 NotImplemented": "the store answered 501",
        "503 SlowDown": "asked to slow down",
    }
    for number, fault in enumerate(said):
        store_of("s3://").fs.pipe_file(f"s3://scans/e/{number}.png", page)
        store.faults.append(Fault(fault, "GET", f"^/scans/e/{number}.png", times=1000))
    summary = clean(tiny_model_file, "s3://scans/e", output="s3://clean/e")
    assert summary.failed == len(said)
    errors = {Path(outcome.source).stem: outcome.error for outcome in summary.outcomes}
    for number, sentence in enumerate(said.values()):
        assert sentence in errors[str(number)]
    told = " ".join(errors.values()) + json.dumps(lines("s3://clean/e"))
    assert not any(secret in told for secret in CREDENTIALS.values())


def test_a_prefix_or_a_name_that_is_barred_costs_its_own_files_alone(store, pages, tiny_model_file):
    page = (pages / "in" / "b" / "c" / "page 0.png").read_bytes()
    fs = store_of("s3://").fs
    for name in ("open/1.png", "open/2.png", "shut/3.png", *(f"many/{number}.png" for number in range(MANY + 2))):
        fs.pipe_file(f"s3://scans/b/{name}", page)
    store.faults += [
        Fault("403 AccessDenied", "GET", r"^/scans\?list-type.*prefix=b(%2F|/)shut", times=1000),
        Fault("403 AccessDenied", "HEAD", "^/clean/b/open/2.png", times=1000),
        Fault("403 AccessDenied", "HEAD", "^/clean/b/many/", times=1000),
        Fault("403 AccessDenied", "GET", r"^/clean\?list-type.*prefix=b(%2F|/)many", times=1000),
    ]
    summary = clean(tiny_model_file, "s3://scans/b", output="s3://clean/b")
    errors = {outcome.source.removeprefix("s3://scans/"): outcome for outcome in summary.outcomes}
    assert all("access was denied" in outcome.error for outcome in errors.values())
    assert {"b/shut", "b/open/2.png"} < set(errors), "what cannot be listed, and what cannot be looked at"
    assert sorted(objects("s3://clean/b")) == ["open/1.png"]
    assert (summary.done, summary.failed) == (1, 2 + MANY + 2)
    assert len(summary.outcomes) == 2 + MANY + 1, "after some names a prefix is given up as a whole"


@pytest.mark.parametrize(
    ("source", "output", "error", "reason"),
    [
        ("s3://nowhere/x", "s3://clean/x", InputError, "there is no such bucket"),
        ("s3://scans/no", "s3://clean/x", UsageError, "does not exist"),
        ("s3://user:pa55word@scans/x", "out", UsageError, "holds a password"),
        ("https://example.org/a.png?X-Amz-Signature=pa55word", "out", UsageError, "may hold credentials"),
        ("nosuch://scans/x", "out", UsageError, "nothing is known of nosuch://"),
        ("s3://scans/p", "s3://scans/p", UsageError, "both input and output"),
    ],
)
def test_a_run_that_cannot_begin_says_why_in_one_line(store, tiny_model_file, source, output, error, reason):
    store_of("s3://").fs.pipe_file("s3://scans/p/a.png", b"x")
    with pytest.raises(error, match=reason) as caught:
        clean(tiny_model_file, source, output=output)
    assert "\n" not in str(caught.value)
    assert "pa55word" not in str(caught.value)


def test_two_runs_on_one_prefix_do_not_both_write(store, monkeypatch):
    two_runs_on_one_prefix("s3://clean", monkeypatch)


def test_a_killed_run_is_taken_up_where_it_ended(store, pages, tiny_model_file):
    upload(pages / "in", "s3://scans/k")
    store.faults.append(Fault("slow", "GET", "^/scans/k/", times=1000))
    command = [sys.executable, "-m", "bgtool", "clean", "s3://scans/k", "-o", "s3://clean/k", "--device", "cpu"]
    run = subprocess.Popen([*command, "--model", str(tiny_model_file), "--jobs", "2"], stderr=subprocess.DEVNULL)
    while store.requests("PUT", "^/clean/k/[ab]/") < 3:
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    store.faults.clear()
    summary = clean(tiny_model_file, "s3://scans/k", output="s3://clean/k")
    assert (summary.done + summary.skipped, summary.failed) == (PAGES, 0)
    assert objects("s3://clean/k") == tree(pages / "out")
    done = [line["output"] for line in lines("s3://clean/k")]
    assert len(done) == len(set(done)) == PAGES


def test_an_upload_in_parts_that_fails_leaves_none(store):
    store.faults.append(Fault("403 AccessDenied", "PUT", "partNumber=2", times=100))
    place = Place("s3://clean/large.png", ANYTHING)
    with pytest.raises(OutputError, match="access was denied"), store_of("s3://").replacing(place) as file:
        file.truncate(101 << 20)
    assert store.requests("PUT", "partNumber=2")
    assert not uploads()
    assert not objects("s3://clean")


def test_uploads_of_killed_workers_are_ended_and_those_of_others_are_not(store):
    for key in ("u/mine.png", "u/theirs.png"):
        store_of("s3://").fs.call_s3("create_multipart_upload", Bucket="clean", Key=key)
    store_of("s3://").journal("s3://clean/u").announce("s3://clean/u/mine.png", "0" * 64)
    with store_of("s3://").journal("s3://clean/u").locked():
        assert [upload["Key"] for upload in uploads()] == ["u/theirs.png"]


def test_a_prefix_is_listed_page_by_page(store):
    from moto.s3.models import s3_backends

    backend = next(iter(s3_backends.values()))["aws"]
    for number in range(1005):
        backend.put_object("scans", f"many/{number}.png", b"x")
    s3 = store_of("s3://")
    found = list(s3.entries("s3://scans/many"))
    assert len(found) == len(set(found)) == 1005
    assert store.requests("GET", r"^/scans\?list-type") == 2
    store.seen.clear()
    assert s3.remembered("s3://scans/many/7.png") == s3.look("s3://scans/many/7.png")
    assert s3.remembered("s3://scans/many/no.png") is None
    asked = [path for _, path, *_ in store.seen if path.startswith("/scans")]  # others' requests may end late
    assert asked == ["/scans/many/7.png"], "only the fresh look asks"


def test_an_output_replaces_what_the_place_allows_and_nothing_else(store):
    s3, target = store_of("s3://"), "s3://clean/o/a.png"

    def put(content, over):
        with s3.replacing(Place(target, over, digest=hashlib.sha256(content).hexdigest())) as file:
            file.write(content)

    put(b"one", FREE)
    put(b"one", FREE)  # the same content: a worker that was killed had made it
    with pytest.raises(InputError, match="came there"):
        put(b"two", FREE)
    put(b"two", s3.occupant(target))
    assert s3.fs.cat_file(target) == b"two"
    with pytest.raises(InputError, match="came there"):
        put(b"three", (1, 3, 12345))
    put(b"three", ANYTHING)
    assert s3.digest(target) == hashlib.sha256(b"three").hexdigest()


def test_memory_and_web_servers_are_read_too(pages, tiny_model_file, tmp_path):
    page = pages / "in" / "b" / "c" / "page 0.png"
    expected = (pages / "out" / "b" / "c" / "page 0.png").read_bytes()
    memory = store_of("memory://").fs
    memory.pipe_file("memory://in/page 0.png", page.read_bytes())
    assert clean(tiny_model_file, "memory://in", output="memory://out").done == 1
    assert memory.cat_file("memory://out/page 0.png") == expected
    assert clean(tiny_model_file, "memory://in", output="memory://out").skipped == 1
    handler = partial(SimpleHTTPRequestHandler, directory=str(page.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{web.server_address[1]}/page%200.png"
        assert clean(tiny_model_file, url, output=tmp_path / "web.png").done == 1
        with pytest.raises(BgtoolError, match="takes no outputs"):
            clean(tiny_model_file, page, output=f"{url}.png")
        web.shutdown()
    assert (tmp_path / "web.png").read_bytes() == expected


def test_a_file_url_is_a_path(tmp_path):
    assert checked((tmp_path / "a b").as_uri()) == str(tmp_path / "a b")
    assert checked("C:\\scans") == "C:\\scans"
