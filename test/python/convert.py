"""Every reference format to every other: the same references, and the same values in xarray, at every step.

Usage: python convert.py DIR   (uses dist/cli/index.js; DIR is made and may be removed)

The sets are those of kstream, kerchunk and VirtualiZarr of the same files. Each goes to Parquet, JSON, NDJSON and Parquet
again, to version 0, to gzip, and to Icechunk and back. References are read by fsspec (NDJSON: line by line, here), values
by xarray, both raw and with its defaults; the first set of each chain is the truth for the others.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import foreign_sets
import fsspec
import numpy as np
import xarray as xr
from fsspec.implementations.reference import LazyReferenceMapper

warnings.filterwarnings("ignore")
os.environ["ICECHUNK_LOG"] = "error"  # not that local folders are no place for concurrent commits
ROOT = Path(__file__).parents[2]
COMMAND = ["node", str(ROOT / "dist/cli/index.js")]
RAW = {"mask_and_scale": False, "decode_times": False}

Reference = tuple[str, int, int] | tuple[str] | bytes


def kstream(*args: str | Path) -> None:
    """Runs the command; what it says is shown where it fails."""
    done = subprocess.run(
        [*COMMAND, *map(str, args)], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, f"kstream {' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr}"


def plain(url: str) -> str:
    """A local path without its scheme."""
    return url.removeprefix("file://")


def canonical(value: object) -> Reference:
    """A reference or inlined bytes, as fsspec hands them out."""
    if isinstance(value, str):
        return base64.b64decode(value[7:]) if value.startswith("base64:") else value.encode()
    if isinstance(value, bytes):
        return base64.b64decode(value[7:]) if value.startswith(b"base64:") else value
    url, *span = value  # type: ignore[misc]
    return (plain(url), *map(int, span)) if span else (plain(url),)  # type: ignore[return-value]


def json_references(path: Path) -> dict[str, Reference]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    files = fsspec.filesystem(
        "reference", fo=json.loads(text), remote_protocol="file", skip_instance_cache=True
    )
    return {key: canonical(value) for key, value in files.references.items() if is_chunk(key)}


def parquet_references(path: Path) -> dict[str, Reference]:
    """Of chunks that are there: a missing one is listed too, in others' sets with NaN for a path (pandas 3)."""
    files = LazyReferenceMapper(str(path), fs=fsspec.filesystem("file"))
    keys = [key for name in sorted(files.listdir()) for key in files._keys_in_field(name) if is_chunk(key)]
    found = {key: files[key] for key in keys if key in files}
    return {key: canonical(value) for key, value in found.items() if not has_no_path(value)}


def has_no_path(value: object) -> bool:
    return isinstance(value, list) and not isinstance(value[0], str)


def ndjson_references(path: Path) -> dict[str, Reference]:
    found: dict[str, Reference] = {}
    for text in path.read_text().splitlines():
        line = json.loads(text)
        if line["kind"] != "reference":
            continue
        key = f"{line['array']}/{line['chunk']}"
        assert key not in found, f"{path}: {key} twice"
        if "inline" in line:
            found[key] = base64.b64decode(line["inline"])
        elif "length" in line:
            found[key] = (plain(line["path"]), line["offset"], line["length"])
        else:
            found[key] = (plain(line["path"]),)
    return found


def is_chunk(key: str) -> bool:
    return not key.rsplit("/", 1)[-1].startswith(".z")


def references(path: Path) -> dict[str, Reference]:
    if path.suffix == ".parq":
        return parquet_references(path)
    return ndjson_references(path) if path.suffix == ".ndjson" else json_references(path)


def opened(path: Path, **how: bool) -> xr.Dataset:
    if path.suffix == ".icechunk":
        return opened_icechunk(path, **how)
    storage: dict[str, object] = {"remote_protocol": "file", "skip_instance_cache": True}
    if path.suffix == ".gz":
        storage["target_options"] = {"compression": "gzip"}
    backend = {"storage_options": storage, "open_dataset_options": {"chunks": None}}
    return xr.open_dataset(str(path), engine="kerchunk", backend_kwargs=backend, **how)


def opened_icechunk(path: Path, **how: bool) -> xr.Dataset:
    import icechunk

    storage = icechunk.local_filesystem_storage(str(path))
    config = icechunk.Repository.fetch_config(storage)
    prefixes = dict.fromkeys((config.virtual_chunk_containers or {}) if config else {})
    repo = icechunk.Repository.open(storage, authorize_virtual_chunk_access=prefixes)
    store = repo.readonly_session("main").store
    return xr.open_zarr(store, consolidated=False, zarr_format=3, chunks=None, **how)


def compare_values(where: str, found: xr.Dataset, expected: xr.Dataset) -> None:
    assert set(found.variables) == set(expected.variables), (where, set(found.variables) ^ set(expected.variables))
    for name in expected.variables:
        theirs, ours = expected[name].values, found[name].values
        np.testing.assert_array_equal(ours, theirs, f"{where} {name}")
        assert ours.dtype == theirs.dtype, (where, name, ours.dtype, theirs.dtype)


def same_values(path: Path, first: Path, hows: tuple[dict[str, bool], ...] = (RAW, {})) -> None:
    """Missing chunks of others' Parquet sets cannot be read with pandas 3: there `temp` is read from the files."""
    foreign = first.suffix == ".parq" and not first.name.startswith("kstream")
    for how in hows:
        found, truth = opened(path, **how), opened(first, **how)
        if foreign:
            names = ("a.nc", "b.nc") if "both" in first.name else ("a.nc",)
            files = [xr.open_dataset(first.parent / name, engine="netcdf4", **how) for name in names]
            original = xr.concat(files, dim="time")[["temp"]].drop_vars("time")
            compare_values(f"{path.name} temp {how}", found[["temp"]].drop_vars("time"), original)
            found, truth = found.drop_vars("temp"), truth.drop_vars("temp")
        compare_values(f"{path.name} {how}", found, truth)


def same_references(path: Path, expected: dict[str, Reference]) -> None:
    found = references(path)
    differing = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
    assert not differing, (path.name, len(differing), differing[0], found.get(differing[0]), expected.get(differing[0]))


def chain(first: Path, out: Path) -> int:
    """Converts step by step; returns how many references each step has."""
    out.mkdir()
    steps = [out / name for name in ("1.parq", "2.json", "3.ndjson", "4.parq", "5.json.gz", "6.parq")]
    at = first
    for step in steps:
        kstream("convert", at, step)
        at = step
    kstream("convert", steps[3], out / "v0.json", "--to", "json-v0")
    steps.append(out / "v0.json")
    # What fsspec reads of the first set is the truth, but for chunks that only stand for missing ones.
    expected = references(steps[0])
    theirs = references(first)
    assert theirs.items() <= expected.items(), (first, sorted(theirs.keys() - expected.keys())[:3])
    for step in steps[1:]:
        same_references(step, expected)
    for step in steps:
        if step.suffix != ".ndjson":
            same_values(step, first)
    return len(expected)


def icechunk_and_back(first: Path, out: Path) -> None:
    repository, again = out / "set.icechunk", out / "again.parq"
    kstream("convert", first, repository)
    same_values(repository, first)
    kstream("convert", repository, again)
    same_references(again, references(out / "1.parq"))
    same_values(again, first)


def kerchunk_json(files: list[Path], root: Path) -> None:
    from kerchunk.combine import MultiZarrToZarr
    from kerchunk.hdf import SingleHdf5ToZarr

    single = [SingleHdf5ToZarr(str(file), inline_threshold=40).translate() for file in files]
    (root / "kerchunk-one.json").write_text(json.dumps(single[0]))
    both = MultiZarrToZarr(single, concat_dims=["time"], remote_protocol="file", inline_threshold=0).translate()
    (root / "kerchunk-both.json").write_text(json.dumps(both))


def virtualizarr_json(file: Path, root: Path) -> None:
    import virtualizarr
    from obstore.store import LocalStore
    from virtualizarr.parsers import HDFParser
    from virtualizarr.registry import ObjectStoreRegistry

    registry = ObjectStoreRegistry({"file://": LocalStore()})
    dataset = virtualizarr.open_virtual_dataset(f"file://{file}", registry=registry, parser=HDFParser())
    dataset.vz.to_kerchunk(str(root / "virtualizarr-one.json"), format="json")


def main(root: Path) -> None:
    root = root.resolve()
    root.mkdir(parents=True)
    foreign_sets.make(root)
    files = [root / "a.nc", root / "b.nc"]
    kerchunk_json(files, root)
    virtualizarr_json(files[0], root)
    kstream("build", *files, "--concat-dims", "time", "-o", root / "kstream-both.parq")
    ocean = sorted((ROOT / "fixtures/ocean").glob("*.nc"))
    kstream("build", *ocean, "--concat-dims", "time", "-o", root / "kstream-ocean.parq")
    firsts = sorted(path for path in root.iterdir() if path.suffix in (".parq", ".json"))
    for first in firsts:
        out = root / f"{first.stem}-{first.suffix[1:]}-steps"
        count = chain(first, out)
        icechunk_and_back(first, out)
        print(f"{first.name}: {count} references and all values the same in 8 sets, through Icechunk too")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
