"""NetCDF classic files through the built command, read back three ways against netCDF4-python.

Usage: python netcdf3.py WORK_DIR [FILE_OR_FOLDER...] [--command "node dist/cli/index.js build"]

Files of all three versions are written to WORK_DIR/written; every classic file inside the installed packages joins in,
and those of the further arguments. Exit 1 on any difference, loss, or refusal that is not expected.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import classic
import netcdf3_files
from producers import COMMAND, Checked, Task, build, checked_all

BAD = ("different", "metadata", "lost", "error")


def classic_files(place: Path) -> Iterator[Path]:
    """The classic files in a folder, or the one."""
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path.is_file() and not path.is_symlink() and classic.is_classic(path):
            yield path


def each_content_once(places: list[Path]) -> list[Path]:
    """The files of all places, copies of each other once."""
    found: dict[bytes, Path] = {}
    for place in places:
        for path in classic_files(place):
            found.setdefault(hashlib.sha256(path.read_bytes()).digest(), path)
    return list(found.values())


def outcome(checked: Checked, truncated: bool) -> tuple[str, str]:
    """What a file came to: equal, named (but for named refusals), refused, unchecked, or a failure; and why."""
    if checked.state != "built":
        return ("refused" if checked.state == "refused" else "failed"), checked.message
    bad = [f"{r.status} {r.path}: {r.view} {r.detail}" for r in checked.results if r.status in BAD]
    if bad:
        return "failed", "\n    ".join(bad[:5])
    if any(r.status == "unchecked" for r in checked.results):
        return "unchecked", "libnetcdf cannot read it"
    skipped = [f"{r.path}: {r.detail}" for r in checked.results if r.status == "skipped"]
    if skipped and not truncated:
        return "named", skipped[0]
    if truncated and not skipped:
        return "failed", "values past the end of the file are not named"
    return "equal", ""


def streamed(folder: Path, scratch: Path, command: str) -> Iterator[tuple[Path, Checked]]:
    """Files whose headers leave the number of records open, against the same files with it."""
    for whole, open_ended in netcdf3_files.streamed(folder, scratch).items():
        task = Task(open_ended, scratch / f"{open_ended.stem}.parq", command)
        state, message = build(task)
        yield open_ended, Checked(state, message, classic.check(task.out, whole) if state == "built" else [])


def report(found: list[tuple[Path, str, str]], variables: Counter[str], folder: Path) -> int:
    """Prints what is not equal and the totals; returns how many files failed."""
    for path, state, detail in sorted(found):
        if state != "equal":
            print(f"{state:9} {path}\n    {detail}")
    states = Counter(state for _, state, _ in found)
    own = sum(path.is_relative_to(folder) for path, _, _ in found)
    print(f"\n{len(found)} files, {own} of them written here: {dict(states)}")
    print(f"variables: {dict(variables)}")
    # A file of other people may be named or refused; what is written here has to be equal.
    return sum(
        state == "failed" or (state != "equal" and path.is_relative_to(folder)) for path, state, _ in found
    )


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("more", type=Path, nargs="*")
    parser.add_argument("--command", default=COMMAND)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds a file")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    folder = options.work.resolve() / "written"
    truncated = netcdf3_files.write_all(folder)
    packages = Path(sysconfig.get_path("purelib"))
    files = each_content_once([folder, packages, *(path.resolve() for path in options.more)])
    found: list[tuple[Path, str, str]] = []
    variables: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        tasks = [
            Task(path, Path(scratch) / f"{number}.parq", options.command, "", options.limit)
            for number, path in enumerate(files)
        ]
        # Asked for copies, zeros stand for what is past the end, as libnetcdf reads it.
        tasks += [
            Task(path, Path(scratch) / f"{path.stem}.parq", options.command, "", options.limit, "copy")
            for path in sorted(truncated)
        ]
        for index, checked in checked_all(tasks, options.workers):
            task = tasks[index]
            path = task.file if task.unsupported == "skip" else folder / f"copied_{task.file.name}"
            found.append((path, *outcome(checked, path in truncated)))
            variables.update(result.status for result in checked.results if result.path != "/")
            print(f"{path.name}: {found[-1][1]}", file=sys.stderr, flush=True)
        for path, checked in streamed(folder, Path(scratch).resolve(), options.command):
            found.append((folder / f"streamed_{path.name}", *outcome(checked, False)))
            variables.update(result.status for result in checked.results if result.path != "/")
    failed = report(found, variables, folder)
    print(f"{len(found) - failed} passed, {failed} failed")
    return 1 if failed or not found else 0


if __name__ == "__main__":
    sys.exit(main())
