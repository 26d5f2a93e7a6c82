"""Who makes a reference set of a file: the built command, or kerchunk as the peer."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import classic
import equality
import pool

ROOT = Path(__file__).parents[2]
COMMAND = f"node {ROOT / 'dist/cli/index.js'} build"


@dataclass(frozen=True)
class Task:
    """One file to build and check. `peer` names a producer other than the command."""

    file: Path
    out: Path
    command: str = COMMAND
    peer: str = ""
    limit: float = 60.0
    unsupported: str = "skip"
    engines: tuple[str, ...] = equality.ENGINES


@dataclass
class Checked:
    """What building and checking one file gave."""

    state: str  # built | refused (a clear message and exit code) | broken
    message: str = ""
    results: list[equality.Result] = field(default_factory=list)


def build_and_check(task: Task) -> Checked:
    """Builds the set of one file and compares it, in a worker of `pool`."""
    warnings.simplefilter("ignore")
    shutil.rmtree(task.out, ignore_errors=True)
    task.out.parent.mkdir(parents=True, exist_ok=True)
    state, message = kerchunk(task) if task.peer == "kerchunk" else build(task)
    try:
        return Checked(state, message, compared(task) if state == "built" else [])
    finally:
        shutil.rmtree(task.out, ignore_errors=True)


def compared(task: Task) -> list[equality.Result]:
    """The set against its file."""
    if classic.is_classic(task.file):
        return classic.check(task.out.resolve(), task.file)
    return equality.check(task.out.resolve(), [task.file], engines=task.engines)


def checked_all(tasks: list[Task], workers: int) -> Iterator[tuple[int, Checked]]:
    """All tasks as they end. libnetcdf crashes on some plain HDF5 files: those are compared again without it."""
    again: list[int] = []
    for index, state, result in pool.run(build_and_check, tasks, tasks[0].limit * 2, workers):
        if state == "crashed":
            again.append(index)
        else:
            yield index, result if state == "done" else Checked("broken", f"{state}: {result}")
    retries = [replace(tasks[index], engines=("h5netcdf",)) for index in again]
    for place, state, result in pool.run(build_and_check, retries, tasks[0].limit * 2, workers):
        yield again[place], result if state == "done" else Checked("broken", f"{state}: {result}")


def build(task: Task) -> tuple[str, str]:
    """Runs the command; exit 4 means that it named what it left out."""
    command = [*task.command.split(), str(task.file), "-o", str(task.out), "--on-unsupported", task.unsupported]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=task.limit, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        return "broken", f"the command took more than {task.limit:.0f} s"
    message = next((line for line in reversed(done.stderr.strip().splitlines()) if line.strip()), "")
    if done.returncode in (0, 4) and (task.out / ".zmetadata").exists():
        return "built", message
    crashed = done.returncode not in (0, 1, 2, 3, 4) or "    at " in done.stderr
    return ("broken" if crashed or not message else "refused"), f"exit {done.returncode}: {message}"[:400]


def kerchunk(task: Task) -> tuple[str, str]:
    """kerchunk's own references of the file, in Parquet."""
    from kerchunk.df import refs_to_dataframe
    from kerchunk.hdf import SingleHdf5ToZarr

    try:
        references = SingleHdf5ToZarr(str(task.file.resolve()), inline_threshold=500).translate()
        refs_to_dataframe(references, str(task.out))
    except Exception as problem:  # noqa: BLE001
        return "refused", f"{type(problem).__name__}: {problem}"[:300]
    return "built", ""
