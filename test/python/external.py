"""Random virtual datasets and external raw files through the built command, values against h5py.

Usage: python external.py DIR [--files 12] [--seed 5] [--command "node dist/cli/index.js build"]

Each file has datasets that show blocks of others: stacked, side by side, cut, strided, with gaps, of files in chunks,
compressed or in one piece, and datasets in raw files cut at random places. The set is read by zarr-python through both
parquet engines; every array has to be there, equal to what h5py reads, and some have to be references, some copies.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import h5py
import numpy as np

import sets
from producers import COMMAND

TYPES = ("<i4", ">i2", "<f8", "|u1")
LAYOUTS = (
    {},
    {"chunks": (2, 3)},
    {"chunks": (2, 3), "compression": "gzip"},
    {"chunks": (4, 6), "compression": "gzip", "shuffle": True},
)


class Maker:
    """Writes one file and those that it names."""

    def __init__(self, folder: Path, number: int, random: np.random.Generator) -> None:
        self.folder = folder
        self.number = number
        self.random = random
        self.sources = 0

    def choice(self, options: tuple) -> object:
        return options[self.random.integers(len(options))]

    def source(self, shape: tuple[int, ...], dtype: str, layout: dict) -> str:
        """A file with one dataset of random values, a part of it unwritten where it is in chunks."""
        name = f"source-{self.number}-{self.sources}.h5"
        self.sources += 1
        values = self.random.integers(0, 100, shape).astype(dtype)
        with h5py.File(self.folder / name, "w") as file:
            dataset = file.create_dataset("x", shape, dtype, **layout)
            rows = shape[0] if self.random.random() < 0.7 else shape[0] // 2
            if rows > 0:
                dataset[:rows] = values[:rows]
        return name

    def virtual(self, file: h5py.File, name: str) -> None:
        """A dataset that shows two to four sources along one of its axes."""
        dtype, options = str(self.choice(TYPES)), self.choice(LAYOUTS)
        rows, columns = int(self.choice((4, 8, 5))), int(self.choice((8, 6, 7)))
        count, axis = int(self.random.integers(2, 5)), int(self.random.integers(3))
        lead = int(self.choice((0, 0, 0, 1, 4)))
        step = int(self.choice((1, 1, 1, 2)))
        shape = [rows, columns]
        if axis == 2:
            shape = [count, rows, columns]
        else:
            shape[axis] = lead + shape[axis] * count * step
        own = str(self.choice(TYPES)) if self.random.random() < 0.1 else dtype
        layout = h5py.VirtualLayout(tuple(shape), np.promote_types(own, dtype) if own != dtype else dtype)
        extent = rows if axis == 0 else columns
        for i in range(count):
            if self.random.random() < 0.1:
                continue
            taller = int(self.choice((0, 0, 2)))
            source = h5py.VirtualSource(
                self.source((rows + taller, columns), dtype, options), "x", (rows + taller, columns)
            )
            piece = source[taller:, :]
            if axis == 2:
                layout[i] = piece
                continue
            start = lead + i * extent * step
            place = slice(start, start + extent * step, step)
            layout[(place, slice(None)) if axis == 0 else (slice(None), place)] = piece
        file.create_virtual_dataset(name, layout, fillvalue=self.choice((0, 7, None)))

    def raw(self, file: h5py.File, name: str) -> None:
        """A dataset over one to four pieces of raw files, the last at times longer than its file."""
        dtype = np.dtype(str(self.choice(TYPES)))
        shape = (int(self.random.integers(1, 9)), int(self.random.integers(1, 9)), 4)
        total = int(np.prod(shape)) * dtype.itemsize
        row = shape[1] * shape[2] * dtype.itemsize
        unit = int(self.choice((row, dtype.itemsize * 4, 1)))
        cuts = sorted({int(self.random.integers(0, total // unit + 1)) * unit for _ in range(3)} | {0})
        ends = [*cuts[1:], total]
        slots = []
        for i, (start, end) in enumerate(zip(cuts, ends, strict=True)):
            if end <= start:
                continue
            raw, offset = f"raw-{self.number}-{name}-{i}.bin", int(self.random.integers(0, 20))
            short = int(self.random.integers(0, end - start + 1)) if self.random.random() < 0.1 else 0
            data = self.random.integers(0, 100, max(1, offset + end - start - short)).astype("|u1")
            (self.folder / raw).write_bytes(data.tobytes())
            slots.append((raw, offset, end - start))
        file.create_dataset(name, shape, dtype, external=slots)


def make(folder: Path, number: int, random: np.random.Generator) -> Path:
    """One file."""
    path = folder / f"input-{number}.h5"
    maker = Maker(folder, number, random)
    with h5py.File(path, "w", libver=("latest" if number % 2 else "earliest", "latest")) as file:
        for i in range(12):
            maker.virtual(file, f"virtual{i}")
            maker.raw(file, f"raw{i}")
    return path


def build(path: Path, out: Path, command: str) -> None:
    """Builds its set; nothing may be left out."""
    arguments = [*command.split(), str(path), "-o", str(out), "--on-unsupported", "copy"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{path}: exit {done.returncode}: {done.stderr}")


def check(path: Path, out: Path) -> Counter[str]:
    """Compares every array; returns how many are what."""
    records = [json.loads(line) for line in (out / ".kstream" / "coverage.ndjson").read_text().splitlines()]
    outcomes = {record["path"]: record["outcome"] for record in records if "outcome" in record}
    counts: Counter[str] = Counter(outcomes.values())
    roots = {engine: sets.open_zarr(out, engine) for engine in ("fastparquet", "pyarrow")}
    with h5py.File(path) as file:
        for name in file:
            truth = file[name][()]
            for engine, root in roots.items():
                if engine == "pyarrow" and sets.has_missing_chunks(out, name):
                    continue
                mine = root[name][...]
                counts["compared"] += 1
                if truth.dtype != mine.dtype or not np.array_equal(truth, mine):
                    print(f"WRONG {path} {name} through {engine}\n{truth}\n{mine}")
                    counts["wrong"] += 1
    return counts


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=12)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--command", default=COMMAND)
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)  # libhdf5 looks for raw files in the folder of whoever runs it
    random = np.random.default_rng(options.seed)
    total: Counter[str] = Counter()
    for number in range(options.files):
        path = make(folder, number, random)
        out = folder / f"set-{number}.parq"
        build(path, out, options.command)
        total += check(path, out)
    print(", ".join(f"{count} {what}" for what, count in sorted(total.items())))
    lacking = [what for what in ("referenced", "copied", "compared") if not total[what]]
    return 1 if total["wrong"] or lacking else 0


if __name__ == "__main__":
    sys.exit(main())
