"""Random sequences of split, merge, concat, select and rename on random files: do they read back what numpy says?

Usage: python transforms.py WORK [--cases 300] [--seed 1] [--only SEED] [--program "node dist/test/transforms-program.js"]

Each case writes one to four files (HDF5 by h5py; netCDF-3 by netCDF4 and scipy), has the library run `scan`, the
operations and `writeParquet` (in two goes, through a set of each file, now and then), and compares every array of the
set with what numpy holds, bit for bit: through fsspec and zarr-python, and as zarrita reads it. What the library refuses
is counted by kind; some operations it must not refuse (transform_rules.py). A case that fails prints its seed, which
alone repeats it (--only), and its description. Exit 1 where one fails, or where less than 60 % end in a set.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import sets
from comparison import raw_difference
from transform_arrays import Case
from transform_cases import Names, make_case
from transform_files import adjoining, values_of, write_files
from transform_rules import broken_rule, wrong_chunks, wrong_counts

ROOT = Path(__file__).parents[2]
PROGRAM = f"node {ROOT / 'dist/test/transforms-program.js'}"
LEAST_SETS = 0.6
ZARRITA_LACKS = ("f2",)


@dataclass
class Verdict:
    """How a case ended: a set, or the code of the refusal; and what is wrong with that."""

    state: str
    problems: list[str] = field(default_factory=list)
    reason: str = ""


def expected_arrays(case: Case) -> dict[str, np.ndarray]:
    """Every array that the set has to hold, by the name it has to have, as numpy makes it."""
    names = Names(case)
    for operation in case.operations:
        names.apply(case, operation)
    expected = {}
    for name in names.kept:
        array = case.array(name)
        parts = [values_of(case, array, file) for file in range(len(case.lengths))]
        grows = "t" in array.dims
        whole = np.concatenate(parts, array.dims.index("t")) if grows else parts[0]
        # numpy joins in this machine's byte order.
        expected[names.now[name]] = whole.astype(array.dtype)
    return expected


def through_python(path: Path, expected: dict[str, np.ndarray]) -> list[str]:
    """What differs where fsspec and zarr-python read the set."""
    present = sets.array_paths(path)
    problems = [f"{name}: should not be there" for name in present - set(expected)]
    root = sets.open_zarr(path, "fastparquet")
    for name, truth in expected.items():
        if name not in present:
            problems.append(f"{name}: is not there")
            continue
        try:
            array = root[name]
            # A scalar comes as a value without its type.
            values = np.asarray(array[...], None if array.shape else array.dtype)
            difference = raw_difference(values, truth)
        except Exception as problem:  # noqa: BLE001  (whatever a reader raises is a result)
            difference = f"{type(problem).__name__}: {problem}"[:300]
        if difference:
            problems.append(f"{name}: through zarr-python: {difference}")
    return problems


def through_zarrita(found: dict[str, Any], expected: dict[str, np.ndarray]) -> list[str]:
    """What differs where zarrita reads it. It has no 16-bit floats, and the library says so."""
    problems = []
    for name, truth in expected.items():
        result = found.get(name, {"message": "is not there"})
        if isinstance(result, str):
            native = truth.astype(truth.dtype.newbyteorder("="))
            values = np.fromfile(result, native.dtype)
            difference = f"{values.size} values, should be {truth.size}"
            if values.size == truth.size:
                difference = raw_difference(values.reshape(truth.shape), native)
        else:
            known = truth.dtype.str[1:] in ZARRITA_LACKS and result.get("code") == "ERR_KSTREAM_UNSUPPORTED"
            difference = None if known else result["message"]
        if difference:
            problems.append(f"{name}: through zarrita: {difference}")
    return problems


def judge(case: Case, outcome: dict[str, Any], folder: Path, runs: set[str]) -> Verdict:
    """What became of a case."""
    if "error" in outcome:
        error = outcome["error"]
        broken = broken_rule(case, outcome, runs)
        return Verdict(error.get("code", "crash"), [broken] if broken else [], error["message"])
    expected = expected_arrays(case)
    problems = through_python(folder / "set.parq", expected) + through_zarrita(outcome["arrays"], expected)
    problems += [f"{name}: a part of the body is not that part of the whole" for name in outcome["parts"]]
    wrong = [wrong_chunks(case, outcome), wrong_counts(outcome)]
    return Verdict("set", [*problems, *filter(None, wrong)])


def described(case: Case, outcome: dict[str, Any]) -> dict[str, Any]:
    """What to look at when a case fails."""
    return asdict(case) | {"outcome": {k: v for k, v in outcome.items() if k != "arrays"}}


def run_program(
    command: str, cases: list[dict[str, Any]], work: Path, limit: float
) -> dict[int, dict[str, Any]]:
    """One run for all cases; the outcomes by seed."""
    asked, told = work / "cases.json", work / "outcomes.ndjson"
    asked.write_text(json.dumps(cases))
    told.unlink(missing_ok=True)
    done = subprocess.run([*command.split(), str(asked), str(told)], timeout=limit, check=False)
    lines = told.read_text().splitlines() if told.exists() else []
    outcomes = {outcome["seed"]: outcome for outcome in map(json.loads, lines)}
    if done.returncode != 0 or len(outcomes) < len(cases):
        undone = next((case["seed"] for case in cases if case["seed"] not in outcomes), None)
        sys.exit(f"the program ended with {done.returncode} in the case of seed {undone}")
    return outcomes


def request(case: Case, folder: Path, paths: list[Path]) -> dict[str, Any]:
    """The case as the program takes it."""
    return {
        "seed": case.seed,
        "files": [str(paths[place]) for place in case.order],
        "operations": case.operations,
        "output": str(folder / "set.parq"),
        "bytes": str(folder / "bytes"),
        "recordSize": case.record_size,
        "inlineLimit": case.inline_limit,
        "staged": case.staged,
        "reads": case.reads,
    }


def prepare(cases: list[Case], work: Path) -> tuple[list[dict[str, Any]], dict[int, set[str]]]:
    """Writes all files; what the program is asked, and by seed which arrays are one run of bytes."""
    requests, runs = [], {}
    for case in cases:
        folder = work / str(case.seed)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        paths = write_files(case, folder)
        runs[case.seed] = adjoining(case, paths)
        requests.append(request(case, folder, paths))
    return requests, runs


def report(verdicts: list[tuple[Case, Verdict]]) -> int:
    """Prints how cases ended; returns how many failed."""
    states = Counter(verdict.state for _, verdict in verdicts)
    complete = [case for case, verdict in verdicts if verdict.state == "set"]
    done = Counter(operation["op"] for case in complete for operation in case.operations)
    print("ended: " + ", ".join(f"{count} {state}" for state, count in states.most_common()))
    print("operations in sets: " + ", ".join(f"{count} {name}" for name, count in done.most_common()))
    reasons = Counter(verdict.reason.split(": ")[-1][:90] for _, verdict in verdicts if verdict.state != "set")
    for reason, count in reasons.most_common(12):
        print(f"{count:5} {reason}")
    return sum(1 for _, verdict in verdicts if verdict.problems)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the seed of one case")
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for the program")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    first = options.seed * 10**6
    seeds = range(first, first + options.cases) if options.only is None else [options.only]
    work = options.work.resolve()
    cases = [make_case(seed) for seed in seeds]
    requests, runs = prepare(cases, work)
    outcomes = run_program(options.program, requests, work, options.limit)
    verdicts = []
    for case in cases:
        outcome = outcomes[case.seed]
        verdict = judge(case, outcome, work / str(case.seed), runs[case.seed])
        verdicts.append((case, verdict))
        if verdict.problems:
            print(f"seed {case.seed}: {verdict.state}: " + "; ".join(verdict.problems[:4]))
            print(json.dumps(described(case, outcome)))
    failed = report(verdicts)
    share = sum(verdict.state == "set" for _, verdict in verdicts) / max(len(verdicts), 1)
    enough = share >= LEAST_SETS or options.only is not None
    told = f"{len(verdicts) - failed} passed, {failed} failed; {share:.0%} ended in a set"
    print(told if enough else f"{told}, too few")
    return 0 if failed == 0 and enough and verdicts else 1


if __name__ == "__main__":
    sys.exit(main())
