"""netCDF-3 files of 100,000 records, scanned by kstream and by kerchunk: references, seconds, memory, size of the set.

Usage: python netcdf3.py WORK [--records 100000] [--repeat 3]     (after `npm run build`)

WORK gets two classic files: one with three record variables, whose records interleave, and three fixed variables; and one
whose only record variable is `temp`, so that its records adjoin. Each tool makes Parquet of each file in processes of
its own (kerchunk's JSON counts as well); seconds and memory are medians of --repeat runs, of the whole process.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from pathlib import Path

from measured import KSTREAM, Taken, run, size_of

LAT, LON = 8, 16


def make(path: Path, records: int) -> None:
    """Writes one of the two files; the values only have to be different."""
    import numpy as np
    from scipy.io import netcdf_file

    rng = np.random.default_rng(1)
    with netcdf_file(path, "w", version=2) as out:
        for name, size in (("time", None), ("lat", LAT), ("lon", LON)):
            out.createDimension(name, size)
        for name, size in (("lat", LAT), ("lon", LON)):
            out.createVariable(name, "f8", (name,))[:] = np.arange(size)
        out.createVariable("mask", "i4", ("lat", "lon"))[:] = 1
        names = ("time", "temp", "flag") if path.stem == "interleaved" else ("temp",)
        for name in names:
            dims = ("time", "lat", "lon") if name == "temp" else ("time",)
            shape = (records, LAT, LON)[: len(dims)]
            dtype = {"time": "f8", "temp": "f4", "flag": "i4"}[name]
            values = np.arange(records) if name == "time" else rng.integers(0, 1000, shape)
            out.createVariable(name, dtype, dims)[:] = values.astype(f">{dtype}")


def kerchunk(file: Path, out: Path, as_parquet: bool) -> None:
    """kerchunk's references; prints how many there are."""
    from kerchunk.df import refs_to_dataframe
    from kerchunk.netCDF3 import NetCDF3ToZarr

    references = NetCDF3ToZarr(str(file)).translate()
    values = references.get("refs", references).values()
    print(sum(isinstance(value, list) for value in values))
    if as_parquet:
        shutil.rmtree(out, ignore_errors=True)
        refs_to_dataframe(references, str(out), record_size=100_000)
    else:
        out.write_text(json.dumps(references))


def count(folder: Path) -> None:
    """Prints how many rows of all shards point into a file."""
    import pyarrow.parquet

    shards = [pyarrow.parquet.read_table(shard) for shard in folder.rglob("refs.*.parq")]
    print(sum(len(shard) - shard["path"].null_count for shard in shards if "path" in shard.column_names))


def row(name: str, taken: list[Taken], references: int, out: Path) -> None:
    """Prints a line of the table."""
    cpu, wall, memory = (
        statistics.median(getattr(one, figure) for one in taken) for figure in ("cpu", "wall", "mebibytes")
    )
    took = f"{cpu:.2f} s | {wall:.2f} s | {memory:.0f} MiB"
    print(f"| {name} | {references:,} | {took} | {size_of(out) / 1e3:,.1f} kB |", flush=True)


def table(file: Path, repeat: int) -> None:
    """The tools on one file."""
    print(f"\n| {file.name} | references | CPU | wall | peak memory | size |")
    print("|---|---|---|---|---|---|", flush=True)
    out = file.with_suffix(".parq")
    build = [*KSTREAM, "build", str(file), "-o", str(out), "--overwrite", "--progress", "none"]
    taken = [run(build) for _ in range(repeat)]
    counted = run([sys.executable, __file__, "--count", str(out)])
    row("kstream, Parquet", taken, int(counted.stdout), out)
    for kind in ("json", "parquet"):
        target = file.with_suffix(f".kerchunk.{kind}")
        command = [sys.executable, __file__, f"--{kind}", str(file), str(target)]
        taken = [run(command) for _ in range(repeat)]
        row(f"kerchunk, {'JSON' if kind == 'json' else 'Parquet'}", taken, int(taken[0].stdout), target)


def main() -> None:
    """The command line; what runs in processes of its own comes in by options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path, nargs="?")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--make", help=argparse.SUPPRESS)
    parser.add_argument("--count", help=argparse.SUPPRESS)
    parser.add_argument("--json", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--parquet", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    asked = options.json or options.parquet
    if options.make:
        make(Path(options.make), options.records)
    elif options.count:
        count(Path(options.count))
    elif asked:
        kerchunk(Path(asked[0]), Path(asked[1]), as_parquet=bool(options.parquet))
    elif options.work:
        options.work.mkdir(parents=True, exist_ok=True)
        for name in ("interleaved", "alone"):
            file = options.work.resolve() / f"{name}.nc"
            if not file.exists():
                run([sys.executable, __file__, "--make", str(file), "--records", str(options.records)])
            table(file, options.repeat)
    else:
        parser.error("where to work?")


if __name__ == "__main__":
    main()
