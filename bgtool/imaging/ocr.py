"""What the program tesseract says of a page: its words, invisible, where they stand; and which way is up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.errors import InputError, UsageError
from bgtool.imaging.pixels import eight_bits

PROGRAM = "tesseract"

INSTALL = "Debian and Ubuntu: apt-get install tesseract-ocr; macOS: brew install tesseract"

SECONDS = 600.0
"""That a page may take; a full page of newspaper takes a minute."""

SHORTEST, LONGEST = 16, 32767
"""Pixels of a side from which there is room for a word, and which it reads at most."""

ORIENTATION = "osd"
"""Its data that tell which way is up, by the name that it has among languages."""

_TURN = re.compile(rb"^Rotate: (\d+)$.^Orientation confidence: ([\d.]+)$", re.MULTILINE | re.DOTALL)
_NOT_TOLD = b"Too few characters"  # it ends as if it had failed then

_CREDIBLE = (70, 2400)  # pixels per inch that it believes; it estimates where it is told none
_STEP = 0.5  # seconds between two looks at whether the run is to stop


def require(languages: str, option: str = "--ocr") -> None:
    """Raise UsageError, with what helps, where tesseract or its data of a language is missing.

    Args:
        languages: by tesseract's names, with ``+`` between them.
        option: that needs it.
    """
    if shutil.which(PROGRAM) is None:
        raise UsageError(f"{option} needs the program tesseract", INSTALL)
    try:
        told = subprocess.run([PROGRAM, "--list-langs"], capture_output=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"the program tesseract does not work: {error}", INSTALL) from error
    known = told.decode(errors="replace").split("\n", 1)[-1].split()
    for language in languages.split("+"):
        if language not in known:
            package = f"tesseract-ocr-{'all' if '/' in language else language.replace('_', '-').lower()}"
            advice = f"it has {', '.join(known)}; Debian and Ubuntu: apt-get install {package}"
            data = "which way is up" if language == ORIENTATION else f"the language {language}"
            raise UsageError(f"tesseract has no data of {data}", advice)


def words_of(
    page: NDArray[Any],
    dpi: float | None,
    languages: str,
    wait: Callable[[], None] = lambda: None,
    seconds: float = SECONDS,
) -> bytes:
    """The words of a page as a PDF of one page, with nothing on it that can be seen.

    Args:
        page: bool [h, w] (True = paper), uint8 or uint16 [h, w] or [h, w, 3]; sides from `SHORTEST` to `LONGEST`.
        dpi: pixels per inch, where known.
        languages: as `require` takes them.
        wait: called every now and then while tesseract reads; what it raises ends that.
        seconds: that it may take.

    Raises:
        InputError: tesseract fails, or takes too long.
    """
    options = ["-l", languages, "-c", "textonly_pdf=1"]
    if dpi and _CREDIBLE[0] <= dpi <= _CREDIBLE[1]:
        options += ["--dpi", str(round(dpi))]
    code, found, said = _asked(page, [*options, "pdf"], wait, seconds)
    if code:
        raise _failure(code, said)
    return found


class Turn(NamedTuple):
    """Which way is up, as tesseract sees it.

    Attributes:
        quarters: turns by 90 degrees clockwise, 0 to 3, that put the page upright.
        confidence: the higher the surer; a page of clear print has 10 and more, one without any 3 at most.
    """

    quarters: int
    confidence: float


def turn_of(page: NDArray[Any], wait: Callable[[], None] = lambda: None, seconds: float = SECONDS) -> Turn | None:
    """Which way a page is to be turned for its writing to stand upright; None where it does not tell.

    Args:
        page, wait, seconds: as `words_of` takes them.

    Raises:
        InputError: tesseract fails, or takes too long.
    """
    code, found, said = _asked(page, ["--psm", "0", "-l", ORIENTATION], wait, seconds)
    if told := _TURN.search(found):
        return Turn(int(told[1]) // 90 % 4, float(told[2]))
    if code and _NOT_TOLD not in said:
        raise _failure(code, said)
    return None


def _asked(
    page: NDArray[Any], options: list[str], wait: Callable[[], None], seconds: float
) -> tuple[int, bytes, bytes]:
    """Exit code, output and error output of tesseract, as it is run with some options on a page."""
    command = [PROGRAM, "stdin", "stdout", *options]
    end, pipe = time.monotonic() + seconds, subprocess.PIPE
    alone = os.environ | {"OMP_THREAD_LIMIT": "1"}  # pages are read side by side
    try:
        with (
            _pnm(page) as file,
            subprocess.Popen(command, env=alone, stdin=file, stdout=pipe, stderr=pipe) as process,
        ):
            try:
                found, said = _heard(process, end, wait)
            finally:
                process.kill()
    except OSError as error:
        raise InputError(f"tesseract cannot be run: {error.strerror or error}", INSTALL) from error
    except subprocess.TimeoutExpired:
        raise InputError(f"tesseract did not read it in {seconds:.0f} s") from None
    return process.returncode, found, said


def _failure(code: int, said: bytes) -> InputError:
    """What is to be said where tesseract ends with an exit code that is not 0."""
    last = said.decode(errors="replace").strip().rpartition("\n")[2]
    why = f"signal {-code}" if code < 0 else last or f"exit code {code}"
    return InputError(f"tesseract failed: {why}")


def _heard(process: subprocess.Popen[bytes], end: float, wait: Callable[[], None]) -> tuple[bytes, bytes]:
    """What a process writes to its output and to its error output, once it has ended."""
    while True:
        wait()
        try:
            return process.communicate(timeout=max(0.0, min(_STEP, end - time.monotonic())))
        except subprocess.TimeoutExpired:
            if time.monotonic() >= end:
                raise


def _pnm(page: NDArray[Any]) -> BinaryIO:
    """A temporary file: Python's `communicate` does not go on to write to a pipe after it was broken off."""
    image = Image.fromarray(eight_bits(page) if page.dtype == np.uint16 else page)
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    (image.convert("L") if image.mode == "RGB" else image).save(file, "PPM")
    file.seek(0)
    return file
