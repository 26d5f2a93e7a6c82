"""Every case of the generated matrix through the built command, read back three ways.

Usage: python matrix.py DIR [--command "node dist/cli/index.js build"] [--peer kerchunk] [--only SUBSTRING] [--verbose]

DIR is what fixtures/generate/matrix.py wrote (it is written first where it is absent). A case passes when it reads
equal, or when the coverage names it and its policy allows that. What was refused is built once more with copies: it has
to read equal then, but for what STILL_REFUSED names. Exit 1 on any wrong, lost or unwanted refusal.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from producers import COMMAND, ROOT, Checked, Task, checked_all

Case = dict[str, str]
Verdict = tuple[str, str]  # (outcome, detail)
GOOD = ("equal", "refused")
COLUMNS = ("cases", "equal", "refused", "wrong", "metadata", "lost", "error", "unwanted refusal")
STATUS = {"different": "wrong", "metadata": "metadata", "lost": "lost", "error": "error"}


def judge(case: Case, checked: Checked) -> Verdict:
    """What one case came to."""
    if checked.state != "built":
        return "error", checked.message
    found = [result for result in checked.results if result.path == case["path"]]
    if not found:
        return "lost", "not in the original's listing either"
    result = found[0]
    if result.status == "skipped":
        return judge_refusal(case, result.detail)
    if result.status == "unchecked":
        return "equal", result.detail
    if result.status == "equal":
        return "equal", ""
    return STATUS[result.status], f"{result.view}: {result.detail}"


def judge_refusal(case: Case, reason: str) -> Verdict:
    """A named refusal is right where the policy allows it and the reason says what it should."""
    if case["policy"] == "referenced":
        return "unwanted refusal", reason
    if not reason.strip():
        return "error", "skipped without a reason"
    words = case["reason"].lower().replace("_", " ").split()
    missing = [word for word in words if word not in reason.lower()]
    return ("error", f"the reason {reason!r} does not say {missing}") if missing else ("refused", reason)


# Filters without a decoder here, types without a Zarr form, links that lead to no values.
STILL_REFUSED = re.compile(
    r"filter (?:zfp|sz|bzip2|lz4|bitshuffle|blosc2) |reference|variable-length sequence"
    r"|bits at bit|a time\b|mantissa|null dataspace|backslash|not there|\blink\b",
    re.IGNORECASE,
)


def judge_copy(case: Case, checked: Checked) -> Verdict:
    """What a case that references cannot express came to with copies."""
    outcome, detail = judge(case, checked)
    if outcome == "refused" and not STILL_REFUSED.search(detail):
        return "unwanted refusal", detail
    return outcome, detail


def beyond_cases(file: str, cases: list[Case], checked: Checked) -> list[tuple[Case, Verdict]]:
    """Arrays that no case names (dimension scales, links met on the way) must be right too."""
    known = {case["path"] for case in cases}
    extra = [result for result in checked.results if result.path not in known and result.status in STATUS]
    return [
        (
            {"file": file, "path": r.path, "what": "not a case", "policy": "either"},
            (STATUS[r.status], f"{r.view}: {r.detail}"),
        )
        for r in extra
    ]


def section(file: str) -> str:
    """The part of the matrix a file belongs to: its name before the variant."""
    head = file.split("_")[0].split(".")[0]
    return "netcdf4" if head == "nc" else head


def report(verdicts: list[tuple[Case, Verdict]], verbose: bool) -> int:
    """Prints the failures and the table; returns how many failed."""
    table: dict[str, Counter[str]] = {}
    failed = 0
    for case, (outcome, detail) in verdicts:
        row = table.setdefault(case.get("part") or section(case["file"]), Counter())
        row["cases"] += 1
        row[outcome] += 1
        failed += outcome not in GOOD
        if outcome not in GOOD or verbose:
            print(f"{outcome:16} {case['file']} {case['path']} ({case['what']}) {detail}".rstrip())
    print("\n| part | " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS))
    total: Counter[str] = sum(table.values(), Counter())
    for name, row in [*table.items(), ("all", total)]:
        print(f"| {name} | " + " | ".join(str(row[column]) for column in COLUMNS) + " |")
    return failed


def generate(folder: Path) -> None:
    """Writes the matrix."""
    script = ROOT / "fixtures/generate/matrix.py"
    subprocess.run(
        [sys.executable, str(script), str(folder)], check=True, timeout=300, stderr=subprocess.DEVNULL
    )


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--command", default=COMMAND)
    parser.add_argument("--peer", default="", choices=["", "kerchunk"])
    parser.add_argument("--only", default="", help="files whose names hold this")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds a file")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    folder = options.folder.resolve()
    if not (folder / "manifest.json").exists():
        generate(folder)
    cases: dict[str, list[Case]] = {}
    for case in json.loads((folder / "manifest.json").read_text())["cases"]:
        if options.only in case["file"]:
            cases.setdefault(case["file"], []).append(case)
    verdicts: list[tuple[Case, Verdict]] = []
    with tempfile.TemporaryDirectory() as scratch:
        tasks = [
            Task(folder / file, Path(scratch) / f"{file}.parq", options.command, options.peer, options.limit)
            for file in cases
        ]
        for index, checked in checked_all(tasks, options.workers):
            file = tasks[index].file.name
            print(f"{file}: {checked.state}", file=sys.stderr, flush=True)
            verdicts += [(case, judge(case, checked)) for case in cases[file]]
            verdicts += beyond_cases(file, cases[file], checked)
        refused = [(case, verdict) for case, verdict in verdicts if verdict[0] == "refused"]
        files = [] if options.peer else list(dict.fromkeys(case["file"] for case, _ in refused))
        copies = [
            replace(task, unsupported="copy-or-skip", out=Path(scratch) / f"{file}.copies.parq")
            for file in files
            for task in tasks
            if task.file.name == file
        ]
        for index, checked in checked_all(copies, options.workers) if copies else ():
            file = copies[index].file.name
            print(f"{file} with copies: {checked.state}", file=sys.stderr, flush=True)
            mine = [case for case, _ in refused if case["file"] == file]
            verdicts += [({**case, "part": "copies"}, judge_copy(case, checked)) for case in mine]
    failed = report(verdicts, options.verbose)
    print(f"\n{len(verdicts) - failed} passed, {failed} failed")
    return 1 if failed or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
