"""From what the user named to a plan: every input with an output of its own."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH118, PTH119, PTH122

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from bgtool.batch.failure import Failure
from bgtool.batch.inputs import FileId, file_id, inputs, is_one_file, refuse_to_overwrite
from bgtool.batch.listing import Listing, kinds_not_read, listing, suffix_of
from bgtool.batch.names import candidates, claim
from bgtool.engine.job import STREAM, Job, halves_of
from bgtool.errors import InputError, UsageError
from bgtool.imaging.formats import Format, Pixels, container, output_suffix
from bgtool.options import BatchOptions, CleanOptions, Split
from bgtool.storage.file_journal import FILE_NAME
from bgtool.storage.places import FREE
from bgtool.storage.spool import Spool
from bgtool.storage.stores import absolute, is_folder, is_there, store_of

_STREAM_STEM = "stdin"


class Given(Protocol):
    """What earlier runs gave: inputs by their absolute paths, outputs by their paths relative to the output folder."""

    def given(self, source: str) -> str:
        """The output that an input has; empty for none."""

    def holder(self, output: str) -> str:
        """The input that has an output; empty for none."""

    def names_in(self, folder: str) -> set[str]:
        """The names of outputs in a folder, as `bgtool.batch.names.folded` makes them."""

    def is_same(self, source: str, earlier: str, *, checksum: bool = False) -> bool:
        """Whether a file has the content that an earlier input had; by `checksum`, whatever its time."""


@dataclass
class Plan:
    """What a run will do.

    Attributes:
        jobs: in natural order of the input names.
        failures: what cannot be looked into or at.
        notes: sentences about the whole run, each said once.
        folder: the output folder; None where the output is one file or standard output.
        unread: the files in the folders that are of no kind that is read, counted by suffix.
    """

    folder: str | None
    jobs: Spool[Job] = field(default_factory=Spool)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)


def plan(options: BatchOptions, pixels: Pixels, given: Given | None = None) -> Plan:
    """Find all inputs and give each an output.

    One input folder is mirrored directly below the output folder; of several, each below its own name (`name-2` for a
    second of that name). Named files go to the top of the output folder. An output keeps its input's name with the
    suffix of its format; one that would collide, also where upper and lower case are the same, gets its input's whole
    name in front of the suffix, then a number.

    Args:
        options: inputs, output, format, recursive.
        pixels: what the results are made of; decides with the input's suffix and the format what each file becomes.
        given: outputs given before, which stay. Where an input's would have the name of one whose input lies outside of
            this run, and the two inputs are the same, the folder was moved or copied: the input here goes on with it.

    Raises:
        UsageError: no input or output, an input that does not exist, an output that would be an input or is of a kind
            that cannot be written.
    """
    files, folders = inputs(options.inputs)
    if not options.output:
        raise UsageError("no output was named", "name an output folder")
    if options.output == STREAM or is_one_file(options.output, one_input=len(files) == 1 and not folders):
        made = _one_output(options, pixels, files, folders)
    else:
        made = _Planner(options, pixels, given).plan(files, folders)
    if not made.jobs and not made.failures and not options.watch:
        unread = kinds_not_read(made.unread)
        raise UsageError("no images were found" + f", {unread}" * bool(unread), "name files, or folders that hold some")
    refuse_to_overwrite(made.jobs)
    return made


def _one_output(options: BatchOptions, pixels: Pixels, files: list[str], folders: list[str]) -> Plan:
    """The plan for standard output, or for one file whose suffix decides the format."""
    output, suffix = options.output, suffix_of(options.output)
    where = "standard output" if output == STREAM else output
    if folders:
        raise UsageError(f"{where} takes one result, a folder needs an output folder")
    if len(files) > 1:
        raise UsageError(f"{where} takes one result and there are more inputs", "name an output folder")
    if output != STREAM:
        format = container(suffix)
        if format is None:
            raise UsageError(f"{suffix} cannot be written", "choose another suffix, .png for example")
        if options.format is not Format.SAME and container(output_suffix("", options.format, pixels)[0]) != format:
            raise UsageError(f"{output} and --format {options.format} contradict each other")
        if pixels not in format.holds:
            raise UsageError(f"{format.name} cannot hold a {pixels} result", "choose another suffix, .png for example")
    made = output_suffix("", options.format, pixels)[0] if output == STREAM else suffix
    if may_be_two(options, made):
        raise UsageError(f"--split makes two pages of one, and {where} takes one", "name an output folder")
    return Plan(None, Spool([Job(files[0], output)]))


def may_be_two(options: BatchOptions, suffix: str) -> bool:
    """Whether an output with this suffix becomes two files where its input is a double page."""
    format = container(suffix)
    splits = isinstance(options, CleanOptions) and options.split is Split.AUTO
    return splits and format is not None and not format.multipage


class _Planner:
    """Gives outputs to inputs, folder by folder, so that names are kept in mind for one folder at a time."""

    def __init__(self, options: BatchOptions, pixels: Pixels, given: Given | None) -> None:
        self._options, self._pixels, self._output, self._given = options, pixels, options.output, given
        if is_there(self._output) and not is_folder(self._output):
            raise UsageError(f"{self._output} is a file, not a folder")
        self._output_id = file_id(self._output)
        self._splits = may_be_two(options, ".png")
        self._plan = Plan(self._output)
        self._suffixes: dict[str, str] = {}
        self._top = self._names_in("")
        self._system: dict[str, None] = {}  # names of folders that are passed over
        self._seen: set[str] = set()  # absolute paths of named files and of folders
        self._gone_on: set[str] = set()  # outputs of a folder with which inputs that were moved go on
        self._here: tuple[frozenset[str], tuple[str, ...]] = frozenset(), ()  # named files, beginnings of others

    def plan(self, files: list[str], folders: list[str]) -> Plan:
        """See the function `plan`."""
        for folder in folders:
            if self._output_id and file_id(folder) == self._output_id:
                raise UsageError(f"{folder} is both input and output", "choose another output folder")
        roots = tuple(store_of(folder).join(absolute(folder), "") for folder in folders)
        self._here = frozenset(map(absolute, files)), roots
        names = [os.path.basename(absolute(folder)) or "root" for folder in folders]
        tops = [claim(name, "", self._top) for name in names] if len(folders) > 1 else [""]
        self._give(files, "", self._top)
        self._seen.update(map(absolute, files))
        for folder, top in zip(folders, tops, strict=False):
            self._walk(folder, top)
        if self._system:
            self._note(f"system folders are passed over: {', '.join(self._system)}")
        return self._plan

    def _walk(self, folder: str, target: str) -> None:
        """Plan a folder and, without recursion, all below it, except for what is planned already and earlier outputs.

        Symbolic links are followed unless they lead upwards.
        """
        pending: list[tuple[str, str, tuple[FileId, ...]]] = [(folder, target, ())]
        while pending:
            source, target, above = pending.pop()
            try:
                here, found = self._look_into(source, above)
            except InputError as error:
                self._plan.failures.append(Failure(source, error))
                continue
            if found is None:
                continue
            taken = self._names_in(target) if target else self._top
            self._plan.unread.update(found.unread)
            store, place = store_of(source), absolute(source)
            if self._options.recursive:
                self._system.update(dict.fromkeys(found.system))
                below = [(name, os.path.join(target, claim(name, "", taken))) for name in found.folders]
                pending += [(store.join(source, name), path, (*above, here)) for name, path in reversed(below)]
            unseen = [name for name in found.files if store.join(place, name) not in self._seen]
            self._give([store.join(source, name) for name in unseen], target, taken)

    def _look_into(self, folder: str, above: tuple[FileId, ...]) -> tuple[FileId, Listing | None]:
        """A folder, and what it holds if it is to be planned. Raises InputError where that cannot be told."""
        here, place, store = file_id(folder), absolute(folder), store_of(folder)
        if here is None or here in above or here == self._output_id or place in self._seen:
            return here, None
        if above and is_there(store.join(folder, FILE_NAME)):
            self._note("subfolders that hold earlier outputs are passed over (name them to have them processed)")
            return here, None
        self._seen.add(place)
        try:
            return here, listing(folder)
        except OSError as error:
            raise InputError(f"the folder cannot be read: {error.strerror or error}") from None

    def _names_in(self, folder: str) -> set[str]:
        names = self._given.names_in(folder) if self._given else set()
        return {half for name in names for half in (name, *halves_of(name))} if self._splits else names

    def _give(self, sources: list[str], folder: str, taken: set[str]) -> None:
        """Give each source an output in `folder`, or the one it had before."""
        store = store_of(self._output)
        if folder:
            self._gone_on.clear()
        for source in sources:
            name = _STREAM_STEM if source == STREAM else os.path.basename(source)
            suffix, earlier = self._output_suffix(source), ""
            target = self._given.given(absolute(source)) if self._given else ""
            halved = may_be_two(self._options, suffix)
            if not target or suffix_of(target) != suffix.lower() or (halved and self._is_in_the_way(source, target)):
                try:
                    target, earlier = self._moved(source, folder, candidates(name, suffix))
                except InputError as error:
                    self._plan.failures.append(Failure(source, error))
                    continue
                target = target or os.path.join(folder, claim(name, suffix, taken, halved=halved))
            halves = (FREE, FREE) if halved else ()
            self._plan.jobs.append(Job(source, store.join(self._output, target), earlier=earlier, halves=halves))

    def _is_in_the_way(self, source: str, target: str) -> bool:
        """Whether a half of an output has the name that the output of another input has."""
        holders = {self._given.holder(half) for half in halves_of(target)} if self._given else set()
        return not holders <= {"", absolute(source)}

    def _moved(self, source: str, folder: str, names: Iterator[str]) -> tuple[str, str]:
        """The output of an input that was done elsewhere and is the same, which the input here goes on with.

        Args:
            source: the input here.
            folder, names: where its output may be.

        Returns:
            The output, and the input there; empty where there is none.
        """
        given, (files, roots) = self._given, self._here
        if given is None:
            return "", ""
        for name in names:
            target = os.path.join(folder, name)
            earlier = given.holder(target) if target not in self._gone_on else ""
            if not earlier or earlier in files or earlier.startswith(roots) or given.given(earlier) != target:
                break
            if given.is_same(source, earlier, checksum=self._options.checksum):
                self._gone_on.add(target)
                return target, earlier
        return "", ""

    def _output_suffix(self, source: str) -> str:
        """The suffix of the output. Standard input is not looked into: it becomes PNG unless another is asked for."""
        suffix = ".png" if source == STREAM else os.path.splitext(source)[1]
        if suffix not in self._suffixes:
            self._suffixes[suffix], note = output_suffix(suffix, self._options.format, self._pixels)
            if note:
                self._note(note)
        return self._suffixes[suffix]

    def _note(self, note: str) -> None:
        if note not in self._plan.notes:
            self._plan.notes.append(note)
