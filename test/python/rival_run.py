"""One tool on one case, in a process of its own: write the files, run the tool, read what it made, compare."""

from __future__ import annotations

import logging
import re
import warnings
from pathlib import Path

import numpy as np
import sets
import xarray
from rival_cases import CASES, Call, Case
from rival_outcome import Outcome, Task, difference, shortened, told
from rival_tools import TOOLS, Refused, kstream

NOISE = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


def perform(task: Task) -> Outcome:
    """Writes the files, runs the tool, compares. Runs in a process of its own."""
    case = CASES[task.case]
    call: Call = getattr(case, task.tool)[task.call]
    files = written(case, task.folder)
    heard: list[str] = []
    with warnings.catch_warnings(record=True) as caught, listening(heard):
        warnings.simplefilter("always")
        try:
            made = TOOLS[task.tool](files, call, task.folder, task.command)
        except Exception as problem:  # noqa: BLE001  (what a tool raises is its result)
            return failed(problem, case, task)
    heard += [str(w.message) for w in caught if not issubclass(w.category, NOISE)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = read(case, made, task)
    said = sorted({shortened(text, task) for text in heard if not unrelated(text)})
    warned = f" (a warning: `{said[0]}`)" if said and outcome.status in ("wrong", "unreadable") else ""
    return Outcome(outcome.status, outcome.detail + warned)


def written(case: Case, folder: Path) -> list[Path]:
    """The files of a case; netCDF4 warns where a byte order is asked for."""
    folder.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return case.write(folder)


class listening(logging.Handler):  # noqa: N801  (used as a context)
    """Collects what is logged as a warning."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps a message."""
        self.heard.append(record.getMessage())

    def __enter__(self) -> None:
        """Starts."""
        logging.getLogger().addHandler(self)

    def __exit__(self, *_: object) -> None:
        """Stops."""
        logging.getLogger().removeHandler(self)


def unrelated(text: str) -> bool:
    """Warnings that come whatever the files are."""
    return bool(re.search(r"Numcodecs codecs|[Cc]onsolidated metadata|Zarr format 3 specification", text))


def failed(problem: Exception, case: Case, task: Task) -> Outcome:
    """A refusal is an error that speaks of the difference; others are accidents."""
    text = shortened(str(problem), task)
    refuses = re.search(case.topic, str(problem), re.IGNORECASE)
    if task.tool == "kstream":
        refuses = isinstance(problem, Refused)
    said = f"`{text}`" if isinstance(problem, Refused) else told(problem, text)
    barriers = getattr(problem, "barriers", ())
    return Outcome("refuses" if refuses else "fails", said, str(problem), barriers)


def read(case: Case, made: Path, task: Task) -> Outcome:
    """Opens what a tool has made, and compares."""
    try:
        with sets.open_xarray(made, "") as opened:
            found = {name: np.asarray(opened[name].values) for name in opened.variables}
    except Exception as problem:  # noqa: BLE001
        return Outcome("unreadable", told(problem, shortened(str(problem), task)))
    if case.right is not None and not difference(found, case.right):
        return Outcome("right", "")
    for words, reading in case.readings:
        if not difference(found, reading):
            return Outcome("wrong", words)
    return Outcome("wrong", difference(found, case.right or case.readings[0][1]))


def perform_eras(task: Task) -> Outcome:
    """`--on-mismatch eras`: a group for each run of files that fit, against xarray's own reading of these files."""
    files, out = written(CASES[task.case], task.folder), task.folder / "eras.parq"
    build = [*task.command, "build", "--concat-dims", "time", "--on-mismatch", "eras", "--progress", "none"]
    try:
        kstream([*build, "-o", out, *files])
        groups = sorted(group for group in sets.group_paths(out) if group)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrong = different_eras(out, groups, files)
    except Exception as problem:  # noqa: BLE001
        return Outcome("fails", told(problem, shortened(str(problem), task)), str(problem))
    return Outcome("wrong", wrong) if wrong else Outcome("right", "")


def different_eras(out: Path, groups: list[str], files: list[Path]) -> str:
    """The first difference between groups and the files that they are made of, which follow one another."""
    left = [xarray.open_dataset(file, engine="netcdf4") for file in files]
    for group in groups:
        era = sets.open_xarray(out, group)
        mine: list[xarray.Dataset] = []
        while left and sum(one.sizes["time"] for one in mine) < era.sizes["time"]:
            mine.append(left.pop(0))
        for name in mine[0].variables:
            values = [one[name].values for one in mine]
            truth = np.concatenate(values) if "time" in mine[0][name].dims else values[0]
            read = era[name].values
            both_nan = (read != read) & (truth != truth)  # noqa: PLR0124
            if read.shape != truth.shape or not ((read == truth) | both_nan).all():
                return f"{group}: {name}"
    return f"{len(left)} files are in no group" if left else ""
