"""The call that kstream began with, done by kerchunk and by kstream: are the references the same, one by one?

Usage: python seed_call.py [FILE...] [--kstream dist/cli/index.js]

Without files: fixtures/ocean, in copies that have the axes of ACCESS-OM2's output which these lack (edges, the w axis,
the corners of cells), so that there are twelve identical dimensions.

kerchunk: SingleHdf5ToZarr for each file, then MultiZarrToZarr(concat_dims=['time'], identical_dims=[...]), with its
default of keeping small chunks in the set, and again without. Every key of the two sets is compared; a difference has
to be one of these, and is checked as far as it goes:

inlined   kerchunk keeps the chunk itself where kstream refers to it: the same bytes are at that reference
gathered  kstream keeps a small array along time as one chunk, kerchunk as it is in the files: equal values
fill      kerchunk makes the netCDF attribute _FillValue Zarr's fill value, kstream leaves it an attribute, as xarray
          reads it either way: the same number

Exit 1 on any other.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import fsspec
import h5py
import netCDF4
import numpy as np
import pyarrow.parquet
import sets
import zarr
from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper
from kerchunk.combine import MultiZarrToZarr
from kerchunk.hdf import SingleHdf5ToZarr

ROOT = Path(__file__).parents[2]
IDENTICAL = (  # of these, the ones that the files have
    *("st_ocean", "st_edges_ocean", "sw_ocean", "sw_edges_ocean"),
    *("xt_ocean", "yt_ocean", "xu_ocean", "yu_ocean"),
    *("geolon_t", "geolat_t", "geolon_c", "geolat_c"),
)
Chunk = tuple[str, int, int] | bytes
Metadata = dict[str, dict[str, Any]]


def completed(file: Path, folder: Path) -> Path:
    """A copy of a file of fixtures/ocean with the axes that it lacks."""
    copy = Path(shutil.copy(file, folder / file.name))
    with netCDF4.Dataset(copy, "a") as data:
        depth, x, y = (np.asarray(data[name][:]) for name in ("st_ocean", "xu_ocean", "yu_ocean"))
        edges = np.concatenate([[0.0], (depth[1:] + depth[:-1]) / 2, [5000.0]])
        for name, values in (("st_edges_ocean", edges), ("sw_ocean", edges[1:]), ("sw_edges_ocean", edges)):
            data.createDimension(name, len(values))
            data.createVariable(name, "f8", (name,))[:] = values
        for name, values in zip(("geolon_c", "geolat_c"), np.meshgrid(x, y), strict=True):
            corners = data.createVariable(name, "f4", ("yu_ocean", "xu_ocean"), zlib=True, shuffle=True)
            corners[:] = values
    return copy


def kerchunk(files: list[Path], identical: list[str], work: Path, threshold: int) -> dict[str, Any]:
    """kerchunk's references, by key."""
    parts = []
    for file in files:
        part = work / f"{file.stem}.{threshold}.json"
        single = SingleHdf5ToZarr(str(file), str(file), inline_threshold=threshold)
        part.write_text(json.dumps(single.translate()))
        parts.append(str(part))
    combined = MultiZarrToZarr(
        parts, concat_dims=["time"], identical_dims=identical, inline_threshold=threshold
    )
    return combined.translate()["refs"]


def kstream(files: list[Path], identical: list[str], out: Path, command: Path) -> None:
    """The same call of `kstream build`."""
    names = ["--concat-dims", "time", "--identical-dims", ",".join(identical)]
    build = ["node", str(command), "build", *map(str, files), *names, "-o", str(out)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)


def kerchunk_chunks(references: dict[str, Any]) -> dict[str, Chunk]:
    """Every chunk: where it is, or its bytes."""
    found: dict[str, Chunk] = {}
    for key, value in references.items():
        if is_metadata(key):
            continue
        if isinstance(value, list):
            path, *place = value
            offset, size = place or (0, Path(path).stat().st_size)
            found[key] = (path, offset, size)
        elif value.startswith("base64:"):
            found[key] = base64.b64decode(value.removeprefix("base64:"))
        else:
            found[key] = value.encode()
    return found


def kstream_chunks(path: Path, metadata: Metadata) -> dict[str, Chunk]:
    """The same from the rows of the shards: a row a chunk, in C order."""
    record_size = json.loads((path / ".zmetadata").read_text())["record_size"]
    found: dict[str, Chunk] = {}
    for name in sorted(key.removesuffix("/.zarray") for key in metadata if key.endswith("/.zarray")):
        array = metadata[f"{name}/.zarray"]
        grid = [math.ceil(n / size) for n, size in zip(array["shape"], array["chunks"], strict=True)]
        numbers = itertools.product(*map(range, grid))
        for shard in range(math.ceil(math.prod(grid) / record_size)):
            table = pyarrow.parquet.read_table(path / name / f"refs.{shard}.parq").to_pylist()
            for number, row in zip(itertools.islice(numbers, record_size), table, strict=False):
                key = f"{name}/{'.'.join(map(str, number)) or '0'}"
                if row.get("raw") is not None:
                    found[key] = row["raw"]
                elif row.get("path") is not None:
                    found[key] = (row["path"].removeprefix("file://"), row["offset"], row["size"])
    return found


def is_metadata(key: str) -> bool:
    """Keys of Zarr v2 metadata."""
    return key.rsplit("/", 1)[-1].startswith(".z")


def bytes_of(chunk: Chunk) -> bytes:
    """A chunk as it is stored."""
    if isinstance(chunk, bytes):
        return chunk
    path, offset, size = chunk
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(size)


def compare_chunks(
    theirs: dict[str, Chunk], ours: dict[str, Chunk], gathered: set[str], counts: Counter[str]
) -> list[str]:
    """Key by key, but for gathered arrays."""
    found = []
    for key in sorted(theirs.keys() | ours.keys()):
        if key.rsplit("/", 1)[0] in gathered:
            continue
        their, our = theirs.get(key), ours.get(key)
        if their is None or our is None:
            found.append(f"{key}: only {'kstream' if their is None else 'kerchunk'} has it")
        elif their == our:
            counts["equal" if isinstance(our, tuple) else "equal, kept by both"] += 1
        elif isinstance(their, bytes) and bytes_of(our) == their:
            counts["inlined"] += 1
        else:
            found.append(f"{key}: kerchunk {str(their)[:80]}, kstream {str(our)[:80]}")
    return found


def compare_metadata(theirs: Metadata, ours: Metadata, gathered: set[str], counts: Counter[str]) -> list[str]:
    """Every field of every .zarray and .zattrs."""
    found = []
    for key in sorted(theirs.keys() | ours.keys()):
        name, _, kind = key.rpartition("/")
        their, our = theirs.get(key, {}), ours.get(key, {})
        for field in sorted(their.keys() | our.keys()):
            one, other = their.get(field, ()), our.get(field, ())
            if one == other:
                counts["fields equal"] += 1
            elif name in gathered and kind == ".zarray" and field in ("chunks", "compressor", "filters"):
                counts["gathered fields"] += 1
            elif is_fill(theirs, ours, name, kind, field):
                counts["fill"] += 1
            else:
                found.append(f"{key}: {field}: kerchunk {one!r}, kstream {other!r}")
    return found


def is_fill(theirs: Metadata, ours: Metadata, name: str, kind: str, field: str) -> bool:
    """Whether kerchunk's fill value and kstream's attribute are one number, and neither has the other."""
    if (kind, field) not in ((".zarray", "fill_value"), (".zattrs", "_FillValue")):
        return False
    their, our = (metadata.get(f"{name}/.zarray", {}).get("fill_value") for metadata in (theirs, ours))
    attributes = [metadata.get(f"{name}/.zattrs", {}).get("_FillValue") for metadata in (theirs, ours)]
    return their is not None and our is None and attributes == [None, their]


def compare_values(
    references: dict[str, Any], path: Path, gathered: set[str], counts: Counter[str]
) -> list[str]:
    """Gathered arrays through zarr-python."""
    options = {"remote_protocol": "file", "asynchronous": True, "skip_instance_cache": True}
    files = fsspec.filesystem("reference", fo={"version": 1, "refs": references}, **options)
    files = files if files.async_impl else AsyncFileSystemWrapper(files)
    store = zarr.storage.FsspecStore(files, read_only=True)
    theirs = zarr.open_group(store, mode="r", zarr_format=2, use_consolidated=False)
    ours = sets.open_zarr(path, "fastparquet")
    found = []
    for name in sorted(gathered):
        one, other = np.asarray(theirs[name][...]), np.asarray(ours[name][...])
        if one.dtype != other.dtype or one.shape != other.shape or one.tobytes() != other.tobytes():
            found.append(f"{name}: other values")
        counts["gathered"] += 1
    return found


def compare(
    files: list[Path], identical: list[str], work: Path, threshold: int
) -> tuple[list[str], Counter[str]]:
    """What cannot be explained, and the number of everything else."""
    references = kerchunk(files, identical, work, threshold)
    theirs = {key: json.loads(value) for key, value in references.items() if is_metadata(key)}
    ours = sets.listing(work / "kstream.parq")
    chunks = kstream_chunks(work / "kstream.parq", ours)
    inline = {key.rsplit("/", 1)[0] for key, chunk in chunks.items() if isinstance(chunk, bytes)}
    gathered = {name for name in inline if "time" in ours[f"{name}/.zattrs"]["_ARRAY_DIMENSIONS"]}
    counts: Counter[str] = Counter()
    found = compare_metadata(theirs, ours, gathered, counts)
    found += compare_chunks(kerchunk_chunks(references), chunks, gathered, counts)
    found += compare_values(references, work / "kstream.parq", gathered, counts)
    return found, counts


def summary(threshold: int, found: list[str], counts: Counter[str]) -> str:
    """One line, and one for each difference that is left."""
    parts = [
        f"inline_threshold={threshold}: {counts['equal']} references equal",
        f"{counts['inlined']} chunks inlined by kerchunk with the bytes that kstream refers to",
        f"{counts['gathered']} gathered arrays with equal values",
        f"{counts['fields equal']} fields of metadata equal",
        f"{counts['fill']} that are a fill value",
        f"{counts['gathered fields']} that are chunks of gathered arrays",
        f"{len(found)} differences unexplained",
    ]
    return "\n  ".join([", ".join(parts), *found[:20]])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--kstream", type=Path, default=ROOT / "dist/cli/index.js", metavar="FILE")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="seed-call-") as temporary:
        work = Path(temporary).resolve()
        files = [file.resolve() for file in options.files]
        if not files:
            files = [completed(file, work) for file in sorted((ROOT / "fixtures/ocean").glob("*.nc"))]
        with h5py.File(files[0], "r") as first:
            identical = [name for name in IDENTICAL if name in first]
        print(f"{len(files)} files, {len(identical)} identical_dims: {', '.join(identical)}")
        kstream(files, identical, work / "kstream.parq", options.kstream.resolve())
        for threshold in (500, 0):
            found, counts = compare(files, identical, work, threshold)
            print(summary(threshold, found, counts))
            failed += len(found) > 0 or counts["equal"] == 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
