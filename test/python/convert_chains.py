"""Random chains of conversions: does the last set, and each on the way, read as the files do?

Usage: python convert_chains.py WORK [--runs 150] [--seed 1] [--only SEED] [--seconds 600]
                                [--program "node dist/test/convert-program.js"]

Each case writes one or two files (HDF5, netCDF-3), makes sets of them (kstream, kerchunk, VirtualiZarr), takes them
through two to five formats with options on the way, joins them where there are two, and compares what zarr-python and
xarray (raw, and by default) read with numpy's arrays; of sets by others, with what these read. What is refused names an
array, leaves nothing behind, and is counted. A case that fails prints its seed, which alone repeats it (--only).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("ICECHUNK_LOG", "error")

import xarray
from convert_chains_files import CLASSIC, Files, attributes_of, make_files, values_of, write_files
from convert_chains_foreign import foreign_set
from convert_chains_read import differences, is_readable, plain, read_items
from convert_chains_steps import Chain, Item, Items, make_chain
from transform_arrays import Dice

ROOT = Path(__file__).parents[2]
PROGRAM = f"node {ROOT / 'dist/test/convert-program.js'}"
BATCH = 25
LEAST_WHOLE = 0.9


def truth_of(files: Files, file: int) -> Items:
    """What one file holds, and what xarray makes of that."""
    items = {}
    for array in files.arrays:
        variable = xarray.Variable(array.dims, values_of(files, array, file), attributes_of(array))
        whole = xarray.Dataset({array.name: variable})
        decoded = xarray.decode_cf(whole, concat_characters=False)[array.name].values
        items[array.path] = Item(array.dims, values_of(files, array, file), decoded, plain(variable.attrs))
    return items


def foreign_parts(dice: Dice, producer: str, files: Files, paths: list[Path]) -> tuple[list[Path], list[Items]] | None:
    """Sets of another tool, and what they read as; None where it makes none that can be read."""
    try:
        made = [foreign_set(producer, path, files.kind in CLASSIC, dice) for path in paths]
        parts = [read_items(document) for _, document in made]
    except Exception:  # noqa: BLE001  (whatever it fails with)
        return None
    # kerchunk leaves out what it fails on, now and then in one file alone.
    return ([start for start, _ in made], parts) if all(part.keys() == parts[0].keys() for part in parts) else None


def prepare(seed: int, work: Path) -> Chain:
    """Writes the files of a case, and the sets of others; says what is to be run."""
    dice = Dice(seed)
    files = make_files(dice, seed)
    folder = work / str(seed)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tmp").mkdir(parents=True)
    paths = write_files(files, folder)
    producer = dice.pick(("kstream", "kstream", "kstream", "kerchunk", "virtualizarr"))
    foreign = foreign_parts(dice, producer, files, paths) if producer != "kstream" else None
    if foreign:
        return make_chain(dice, files, folder, producer, *foreign)
    return make_chain(dice, files, folder, "kstream", paths, [truth_of(files, file) for file in range(len(paths))])


def start_program(command: str, chains: list[Chain], work: Path, limit: float) -> tuple[subprocess.Popen[bytes], Path]:
    """One run for some cases."""
    first = chains[0].files.seed
    asked, told = work / f"{first}.cases.json", work / f"{first}.outcomes.ndjson"
    asked.write_text(json.dumps([chain.request() for chain in chains]))
    told.unlink(missing_ok=True)
    return subprocess.Popen(["timeout", "-k", "5", str(limit), *command.split(), str(asked), str(told)]), told


def outcomes_of(process: subprocess.Popen[bytes], told: Path, chains: list[Chain]) -> list[list[dict[str, Any]]]:
    """How each case ended, step by step."""
    code = process.wait()
    lines = told.read_text().splitlines() if told.exists() else []
    found = {each["seed"]: each["steps"] for each in map(json.loads, lines)}
    if code != 0 or len(found) < len(chains):
        undone = next((chain.files.seed for chain in chains if chain.files.seed not in found), None)
        sys.exit(f"the program ended with {code} in the case of --only {undone}")
    return [found[chain.files.seed] for chain in chains]


class Tally:
    """How steps and cases ended."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.formats: Counter[str] = Counter()
        self.read = 0
        self.failed = 0

    def refused(self, said: str) -> None:
        """By the words that no case has for itself."""
        line = next(line for line in said.splitlines() if line.startswith("kstream: "))
        words = re.sub(r"^kstream: ([^ ]*: )*", "", line)
        words = re.sub(r"(the codecs? \w+( and \w+)*|[a-z_0-9]+=\d+|chunk [\d.]+|\d+)", "..", words)
        self.refusals[re.split(r"differs|: | in /|; ", words)[0][:80]] += 1


def wrong_refusal(chain: Chain, ended: dict[str, Any]) -> str | None:
    """Why an attempt did not end as it may."""
    said = ended["said"].strip()
    if ended["left"]:
        return f"left behind: {ended['left']}"
    if ended["code"] == 0:
        return None
    if ended["code"] != 1:
        return f"exit {ended['code']}: {said}"
    names = {array.name for array in chain.files.arrays} | {dim for array in chain.files.arrays for dim in array.dims}
    return None if any(name in said for name in names) else f"names no array: {said}"


def judge(chain: Chain, made: list[dict[str, Any]], tally: Tally) -> list[str]:
    """What is wrong with a case."""
    for number, (step, outcome) in enumerate(zip(chain.steps, made, strict=False)):
        for ended in outcome["ended"]:
            problem = wrong_refusal(chain, ended)
            if problem:
                return [f"step {number}: kstream {' '.join(ended['args'])}: {problem}"]
            if ended["code"] == 1:
                tally.refused(ended["said"])
        if "out" not in outcome:
            tally.cases["refused"] += 1
            return []
        out = Path(outcome["out"])
        tally.formats["".join(out.suffixes)] += 1
        if is_readable(out) and not step.away:
            tally.read += 1
            try:
                problems = differences(out, step.items)
            except Exception as error:  # noqa: BLE001
                problems = [f"{type(error).__name__}: {error}"[:400]]
            if problems:
                return [f"step {number}: {out.name}: {problem}" for problem in problems[:4]]
    tally.cases["whole"] += 1
    return []


def batches(seeds: list[int], options: argparse.Namespace, work: Path) -> Iterator[tuple[Chain, list[dict[str, Any]]]]:
    """Cases and how they ended; the program runs one batch while the one before is read."""
    ends = time.monotonic() + options.seconds
    running: tuple[Any, Path, list[Chain]] | None = None
    for start in [*range(0, len(seeds), BATCH), None]:
        following = None
        if start is not None and time.monotonic() < ends:
            chains = [prepare(seed, work) for seed in seeds[start : start + BATCH]]
            following = (*start_program(options.program, chains, work, options.limit), chains)
        if running:
            process, told, chains = running
            yield from zip(chains, outcomes_of(process, told, chains), strict=True)
        running = following


def report(tally: Tally, runs: int) -> int:
    """Prints how it went; the exit code."""
    print("sets made: " + ", ".join(f"{count} {name}" for name, count in tally.formats.most_common()))
    for reason, count in tally.refusals.most_common(12):
        print(f"{count:5} refused: {reason}")
    whole = tally.cases["whole"]
    enough = runs > 0 and whole >= LEAST_WHOLE * runs
    print(f"{tally.read} sets read; {whole} of {runs} chains whole{'' if enough else ': too few'}")
    print(f"{runs - tally.failed} passed, {tally.failed} failed")
    return 0 if tally.failed == 0 and enough else 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--runs", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the seed of one case, which stays in WORK")
    parser.add_argument("--seconds", type=float, default=600.0, help="no case is begun after that")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for the program, a batch of cases")
    parser.add_argument("--program", default=PROGRAM)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    first = options.seed * 10**6
    seeds = list(range(first, first + options.runs)) if options.only is None else [options.only]
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    tally, runs = Tally(), 0
    for chain, made in batches(seeds, options, work):
        runs += 1
        problems = judge(chain, made, tally)
        if problems:
            tally.failed += 1
            print(f"\npython {sys.argv[0]} {options.work} --only {chain.files.seed}   ({chain.producer})")
            print("\n".join(problems))
            for outcome in made:
                print("   kstream " + " ".join(outcome["ended"][-1]["args"]))
        elif options.only is None:
            shutil.rmtree(chain.folder)
    return report(tally, runs)


if __name__ == "__main__":
    sys.exit(main())
