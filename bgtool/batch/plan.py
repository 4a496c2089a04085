"""From what the user named to a plan: every input with an output of its own."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH118, PTH119, PTH122

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bgtool.batch.failure import Failure
from bgtool.batch.inputs import FileId, file_id, inputs, is_one_file, refuse_to_overwrite
from bgtool.batch.listing import kinds_not_read, listing, suffix_of
from bgtool.batch.names import candidates, claim, earlier
from bgtool.engine.job import STREAM, Job
from bgtool.errors import InputError, UsageError
from bgtool.imaging.formats import Format, Pixels, container, output_suffix
from bgtool.options import BatchOptions
from bgtool.storage.file_journal import FILE_NAME
from bgtool.storage.stores import absolute, is_folder, is_there, store_of

_STREAM_STEM = "stdin"


@dataclass
class Plan:
    """What a run will do.

    Attributes:
        jobs: in natural order of the input names.
        failures: subfolders that cannot be read.
        notes: sentences about the whole run, each said once.
        folder: the output folder; None where the output is one file or standard output.
        unread: the files in the folders that are of no kind that is read, counted by suffix.
        moved: of inputs that were done elsewhere, before their folder was moved or copied: the absolute path there.
    """

    folder: str | None
    jobs: list[Job] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    moved: dict[str, str] = field(default_factory=dict)


IsSame = Callable[[str, str], bool]
"""Whether a file has the content that an earlier input (an absolute path) had."""


def plan(
    options: BatchOptions,
    pixels: Pixels,
    names: Mapping[str, str] | None = None,
    is_same: IsSame = lambda source, earlier: False,
) -> Plan:
    """Find all inputs and give each an output.

    One input folder is mirrored directly below the output folder; of several, each below its own name (`name-2` for a
    second of that name). Named files go to the top of the output folder. An output keeps its input's name with the
    suffix of its format; one that would collide, also where upper and lower case are the same, gets its input's whole
    name in front of the suffix, then a number.

    Args:
        options: inputs, output, format, recursive.
        pixels: what the results are made of; decides with the input's suffix and the format what each file becomes.
        names: outputs given before, relative to the output folder, by absolute path of their input. They stay.
        is_same: asked about an input whose output would have the name that an input outside of this run had given: if
            the two are the same, the folder was moved or copied, and the name goes to the input that is here.

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
        made = _Planner(options, pixels, names or {}, is_same).plan(files, folders)
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
    return Plan(None, [Job(files[0], output)])


class _Planner:
    """Gives outputs to inputs, folder by folder, so that names are kept in mind for one folder at a time."""

    def __init__(self, options: BatchOptions, pixels: Pixels, names: Mapping[str, str], is_same: IsSame) -> None:
        self._options, self._pixels, self._output = options, pixels, options.output
        if is_there(self._output) and not is_folder(self._output):
            raise UsageError(f"{self._output} is a file, not a folder")
        self._output_id = file_id(self._output)
        self._plan = Plan(self._output)
        self._suffixes: dict[str, str] = {}
        self._given, self._taken = earlier(names)
        self._is_same = is_same
        self._elsewhere: dict[str, str] = {}  # by output, inputs that had it and lie outside of this run
        self._top = self._taken.setdefault("", set())
        self._system: dict[str, None] = {}  # names of folders that are passed over
        self._seen: set[str] = set()  # absolute paths of named files and of folders

    def plan(self, files: list[str], folders: list[str]) -> Plan:
        """See the function `plan`."""
        for folder in folders:
            if self._output_id and file_id(folder) == self._output_id:
                raise UsageError(f"{folder} is both input and output", "choose another output folder")
        roots = tuple(store_of(folder).join(absolute(folder), "") for folder in folders)
        here = frozenset(map(absolute, files))
        self._elsewhere = {
            output: source
            for source, output in self._given.items()
            if source not in here and not source.startswith(roots)
        }
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
            here, place, store = file_id(source), absolute(source), store_of(source)
            if here is None or here in above or here == self._output_id or place in self._seen:
                continue
            if above and is_there(store.join(source, FILE_NAME)):
                self._note("subfolders that hold earlier outputs are passed over (name them to have them processed)")
                continue
            self._seen.add(place)
            try:
                found = listing(source)
            except OSError as error:
                reason = f"the folder cannot be read: {error.strerror or error}"
                self._plan.failures.append(Failure(source, InputError(reason)))
                continue
            taken = self._taken.pop(target, set()) if target else self._top
            self._plan.unread.update(found.unread)
            if self._options.recursive:
                self._system.update(dict.fromkeys(found.system))
                below = [(name, os.path.join(target, claim(name, "", taken))) for name in found.folders]
                pending += [(store.join(source, name), path, (*above, here)) for name, path in reversed(below)]
            unseen = [name for name in found.files if store.join(place, name) not in self._seen]
            self._give([store.join(source, name) for name in unseen], target, taken)

    def _give(self, sources: list[str], folder: str, taken: set[str]) -> None:
        """Give each source an output in `folder`, or the one it had before."""
        store = store_of(self._output)
        for source in sources:
            name = _STREAM_STEM if source == STREAM else os.path.basename(source)
            suffix = self._output_suffix(source)
            target = self._given.pop(absolute(source), None) if self._given else None
            if target is None or suffix_of(target) != suffix.lower():
                target = self._moved(source, folder, name, suffix) or os.path.join(folder, claim(name, suffix, taken))
            self._plan.jobs.append(Job(source, store.join(self._output, target)))

    def _moved(self, source: str, folder: str, name: str, suffix: str) -> str | None:
        """The output of an input that was done elsewhere and is the same, which the input here goes on with."""
        for candidate in candidates(name, suffix) if self._elsewhere else ():
            target = os.path.join(folder, candidate)
            earlier = self._elsewhere.get(target)
            if earlier is None:
                return None
            if self._is_same(source, earlier):
                del self._elsewhere[target]
                self._plan.moved[source] = earlier
                return target
        return None

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
