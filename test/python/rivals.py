"""What kstream, kerchunk and VirtualiZarr make of files that do not quite fit together: the README's table, from one run.

Usage: python rivals.py [--update] [--kstream dist/cli/index.js] [--work DIR] [--only CASE,..]

For each case of rival_cases.py small netCDF-4 files are written, each tool joins them in a process of its own, xarray
opens the result, and the values are compared with numpy's. Exit 1 where kstream gives wrong values or does not name
what differs, where `kstream plan` says otherwise than `kstream build`, where a group of `--on-mismatch eras` reads other
than its files, and where the table in the README is not the one just made; --update writes it there.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import textwrap
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pool
from rival_cases import CASES, Case
from rival_outcome import Outcome, Task
from rival_run import perform, perform_eras
from rival_tools import LIMIT, TOOLS

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BEGIN, END = "<!-- rivals:begin -->", "<!-- rivals:end -->"
WIDTH = 120
Outcomes = dict[tuple[str, str], list[Outcome]]

INTRODUCTION = """
## Files that do not quite fit together

Each row is a few small netCDF-4 files. Each tool joined them along time as its documentation says, and what xarray then
read was compared with the truth. *Silent*: a result that is not right, without an error or a warning; *refuses*: an
error that speaks of the difference; *fails*: one that does not.
[`test/python/rivals.py`](test/python/rivals.py) made these tables, and fails where they are no longer true.
"""

WORDS = {
    "right": "right",
    "wrong": "**silent:** ",
    "unreadable": "**silent,** then reading fails: ",
    "refuses": "refuses: ",
    "fails": "fails: ",
}


def tasks(work: Path, command: tuple[str, ...], only: set[str]) -> list[Task]:
    """One for each tool, case and call."""
    return [
        Task(tool, index, call, work / case.key / f"{tool}-{call}", command)
        for index, case in enumerate(CASES)
        if not only or case.key in only
        for tool in TOOLS
        for call in range(len(getattr(case, tool)))
    ]


def era_tasks(work: Path, command: tuple[str, ...], only: set[str]) -> list[Task]:
    """One for each case where files do not fit."""
    return [
        Task("kstream", index, 0, work / case.key / "eras", command)
        for index, case in enumerate(CASES)
        if case.barrier and (not only or case.key in only)
    ]


def run(function: Callable[[Task], Outcome], planned: list[Task]) -> Outcomes:
    """Everything, in two processes."""
    results: dict[int, Outcome] = {}
    for index, state, result in pool.run(function, planned, LIMIT):
        if state == "done":
            results[index] = result
        elif state == "hung":
            results[index] = Outcome("fails", f"no end within {LIMIT:.0f} s")
        else:
            results[index] = Outcome("fails", f"the process {state}: {result}")
    outcomes: Outcomes = {}
    for index, task in enumerate(planned):
        outcomes.setdefault((CASES[task.case].key, task.tool), []).append(results[index])
    return outcomes


def cell(case: Case, tool: str, outcomes: list[Outcome]) -> str:
    """The outcomes of a tool's calls; equal ones are told once."""
    unsaid = f", {case.unsaid} unsaid" if case.unsaid and tool != "kstream" else ""
    told = [WORDS[outcome.status] + (outcome.detail or unsaid) for outcome in outcomes]
    labels = [call.label for call in getattr(case, tool)]
    if len(told) > 1 and len(set(told)) == 1:
        return told[0]
    return "; ".join(f"{label}: {text}" if label else text for label, text in zip(labels, told, strict=True))


def table(outcomes: Outcomes, fits: bool, title: str) -> str:
    """The cases of one kind."""
    kerchunk, virtualizarr = (f"{name} {version(name.lower())}" for name in ("kerchunk", "VirtualiZarr"))
    lines = [f"| {title} | kstream | {kerchunk} | {virtualizarr} |", "|---|---|---|---|"]
    for case in CASES:
        if case.fits == fits and (case.key, "kstream") in outcomes:
            cells = [cell(case, tool, outcomes[case.key, tool]) for tool in TOOLS]
            lines.append(f"| {' | '.join([case.what, *cells])} |")
    return "\n".join(lines)


def tally(outcomes: Outcomes, eras: Outcomes) -> str:
    """In how many cases of the first table a tool is silent, in one of its ways at least; how many read right as eras."""
    differ = [case for case in CASES if not case.fits and (case.key, "kstream") in outcomes]

    def silent(tool: str) -> int:
        bad = ("wrong", "unreadable")
        return sum(any(one.status in bad for one in outcomes[case.key, tool]) for case in differ)

    right = sum(outcome.status == "right" for (outcome,) in eras.values())
    counts = f"kstream {silent('kstream')}, kerchunk {silent('kerchunk')}, VirtualiZarr {silent('virtualizarr')}"
    said = (
        f"Silent in one of these ways or more: {counts} of {len(differ)}. Of the {len(eras)} that kstream refuses, "
        f"{right} read right, group by group, when built with `--on-mismatch eras`."
    )
    return textwrap.fill(said, WIDTH)


def section(outcomes: Outcomes, eras: Outcomes) -> str:
    """What is between the marks in the README."""
    parts = [
        INTRODUCTION.strip(),
        table(outcomes, False, "what differs between the files"),
        tally(outcomes, eras),
        "Files that do fit, joined in other ways:",
        table(outcomes, True, "how they are joined"),
    ]
    return f"{BEGIN}\n" + "\n\n".join(parts) + f"\n{END}"


def complaints(outcomes: Outcomes) -> list[str]:
    """Where kstream did not do what it must: be right, or refuse and say what differs and in which file."""
    found = []
    for case in CASES:
        results = outcomes.get((case.key, "kstream"), [])
        for expected, outcome in zip(case.expected, results, strict=bool(results)):
            named = expected == "right" or bool(re.search(case.topic, outcome.message, re.IGNORECASE))
            if expected == "refuses" and not case.fits:
                named &= bool(re.search(r"\b[abc]\.nc\b", outcome.message))
                named &= outcome.barriers[:1] == (case.barrier,)
            if outcome.status != expected or not named:
                said = outcome.message or outcome.detail
                kinds = f" ({', '.join(outcome.barriers)})" if outcome.barriers else ""
                found.append(f"{case.key}: should be {expected}, {outcome.status}: {said.strip()}{kinds}")
    return found


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--update", action="store_true", help="write the table into the README")
    parser.add_argument("--kstream", type=Path, default=ROOT / "dist/cli/index.js", metavar="FILE")
    parser.add_argument("--work", type=Path, help="a new folder for files and results, which stays")
    parser.add_argument("--only", type=lambda text: set(text.split(",")), default=set(), metavar="CASE,..")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rivals-") as temporary:
        work = (options.work or Path(temporary)).resolve()
        command = ("node", str(options.kstream.resolve()))
        outcomes = run(perform, tasks(work, command, options.only))
        eras = run(perform_eras, era_tasks(work, command, options.only))
    made = section(outcomes, eras)
    print(made)
    problems = complaints(outcomes)
    problems += [
        f"{key}: eras: {outcome.status}: {outcome.detail}"
        for (key, _), (outcome,) in eras.items()
        if outcome.status != "right"
    ]
    text = README.read_text()
    present = re.search(re.escape(BEGIN) + ".*?" + re.escape(END), text, re.DOTALL)
    if options.update and present and not options.only:
        README.write_text(text.replace(present[0], made))
    elif not options.only and (not present or present[0] != made):
        problems.append("the table in README.md is not the one above: run with --update")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
