"""What holds in every kind of store: in memory, and in Azure's and Google's as far as their emulators are there."""

import hashlib
import importlib.util
import shutil
import socket
import subprocess
import time
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

import bgtool
from bgtool.errors import InputError
from bgtool.storage import stores
from bgtool.storage.places import ANYTHING, FREE, Place
from bgtool.storage.stores import store_of
from tests.support.leases import two_runs_on_one_prefix
from tests.support.pages import tree, write_pages

fsspec = pytest.importorskip("fsspec")

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # Azurite's, published


def azure(port):
    """Azurite, of npm, and where adlfs is told of it."""
    url = f"http://127.0.0.1:{port}/{ACCOUNT}"
    known = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={url};"
    command = ["azurite-blob", "--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--blobPort", str(port)]
    return command, {"AZURE_STORAGE_CONNECTION_STRING": known}, lambda: fsspec.filesystem("az").mkdir("bucket")


def google(port):
    """fake-gcs-server, and where gcsfs is told of it."""
    url = f"http://127.0.0.1:{port}"
    command = ["fake-gcs-server", "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    made = Request(f"{url}/storage/v1/b?project=p", b'{"name": "bucket"}', {"Content-Type": "application/json"})
    return [*command, "-backend", "memory", "-external-url", url], {"STORAGE_EMULATOR_HOST": url}, lambda: urlopen(made)


EMULATORS = {"az": (azure, "adlfs", "azurite-blob"), "gs": (google, "gcsfs", "fake-gcs-server")}


@pytest.fixture(scope="module", params=["memory", *EMULATORS])
def bucket(request):
    """The URL of an empty place in a store."""
    if request.param == "memory":
        fsspec.filesystem("memory").store.clear()
        yield "memory://bucket"
        return
    emulator, package, program = EMULATORS[request.param]
    if not (importlib.util.find_spec(package) and shutil.which(program)):
        pytest.skip(f"needs {package} and the program {program}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command, environment, make = emulator(port)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        stores._remote.cache_clear()
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not answers(port):
                assert server.poll() is None
                time.sleep(0.1)
            make()
            yield f"{request.param}://bucket"
        finally:
            server.terminate()
            server.wait()
            stores._remote.cache_clear()


def answers(port):
    try:
        urlopen(f"http://127.0.0.1:{port}/").close()
    except URLError as error:
        return hasattr(error, "code")
    return True


def test_an_output_replaces_what_the_place_allows_and_nothing_else(bucket):
    store, target = store_of(bucket), f"{bucket}/o/a.png"

    def put(content, over):
        with store.replacing(Place(target, over, digest=hashlib.sha256(content).hexdigest())) as file:
            file.write(content)

    assert store.look(target) is None
    put(b"one", FREE)
    put(b"one", FREE)  # the same content: a worker that was killed had made it
    with pytest.raises(InputError, match="came there"):
        put(b"two", FREE)
    put(b"two", (1, *store.look(target).stamp))
    assert store.digest(target) == hashlib.sha256(b"two").hexdigest()
    with pytest.raises(InputError, match="came there"):
        put(b"three", (1, 3, 12345))
    put(b"three", ANYTHING)
    assert store.digest(target) == hashlib.sha256(b"three").hexdigest()
    assert list(store.entries(f"{bucket}/o")) == [("a.png", False)]
    assert store.look(f"{bucket}/o").is_folder


def test_two_runs_on_one_prefix_do_not_both_write(bucket, monkeypatch):
    two_runs_on_one_prefix(bucket, monkeypatch)


def test_a_prefix_is_done_as_a_folder_is_and_not_twice(bucket, tiny_model_file, tmp_path):
    def clean(source, output):
        return bgtool.clean_files(source, output=output, model=tiny_model_file, device="cpu")

    write_pages(tmp_path / "in", 4)
    clean(tmp_path / "in", tmp_path / "out")
    fs, expected = store_of(bucket).fs, tree(tmp_path / "out")
    for name, content in tree(tmp_path / "in").items():
        fs.pipe_file(f"{bucket}/in/{name}", content)
    fs.pipe_file(f"{bucket}/out/a/page 0.jpg", b"theirs")
    summary = clean(f"{bucket}/in", f"{bucket}/out")
    assert (summary.done, [source.rpartition("/")[2] for source in failures(summary)]) == (3, ["page 0.jpg"])
    assert fs.cat_file(f"{bucket}/out/a/page 0.jpg") == b"theirs"
    for name in set(expected) - {"a/page 0.jpg"}:
        assert fs.cat_file(f"{bucket}/out/{name}") == expected[name], name
    again = clean(f"{bucket}/in", f"{bucket}/out")
    assert (again.done, again.skipped, again.failed) == (0, 3, 1)


def failures(summary):
    return [outcome.source for outcome in summary.outcomes if outcome.error]
