"""Reference sets as Python users open them: zarr-python on fsspec, and xarray's kerchunk engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet
import xarray
import zarr
from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper

STORAGE = {"remote_protocol": "file"}


def open_zarr(path: Path, engine: str) -> zarr.Group:
    """The set's root group through zarr-python; engine: fastparquet or pyarrow."""
    files = fsspec.filesystem(
        "reference",
        fo=str(path),
        remote_protocol="file",
        asynchronous=True,
        engine=engine,
        skip_instance_cache=True,
    )
    if not files.async_impl:
        files = AsyncFileSystemWrapper(files)
    store = zarr.storage.FsspecStore(files, read_only=True)
    return zarr.open_group(store, mode="r", zarr_format=2, use_consolidated=False)


def open_xarray(path: Path, group: str, **options: Any) -> xarray.Dataset:
    """A group of the set by its own path; sets of other tools have metadata in the root alone."""
    storage = {**STORAGE, "skip_instance_cache": True}
    own = path / group if group else path
    if not (own / ".zmetadata").exists() and not (path / ".kstream").exists():
        own, options = path, {**options, "group": group}
    backend = {
        "storage_options": storage,
        "open_dataset_options": {"chunks": None},
    }  # dask takes a second an array
    return xarray.open_dataset(str(own), engine="kerchunk", backend_kwargs=backend, **options)


def listing(path: Path) -> dict[str, Any]:
    """The metadata keys of the set's root."""
    return json.loads((path / ".zmetadata").read_text())["metadata"]


def array_paths(path: Path) -> set[str]:
    """The path of every array in the set."""
    return {key.removesuffix("/.zarray") for key in listing(path) if key.endswith("/.zarray")}


def group_paths(path: Path) -> set[str]:
    """The path of every group in the set, '' for the root."""
    return {key.removesuffix(".zgroup").rstrip("/") for key in listing(path) if key.endswith(".zgroup")}


def has_missing_chunks(path: Path, array: str) -> bool:
    """True where a shard is absent or has a row without a reference: pyarrow under pandas 3 fails on those."""
    shards = sorted((path / array).glob("refs.*.parq"))
    for shard in shards:
        columns = pyarrow.parquet.read_table(shard).to_pydict()
        rows = len(next(iter(columns.values()), []))
        paths, raw = columns.get("path", [None] * rows), columns.get("raw", [None] * rows)
        if any(p is None and r is None for p, r in zip(paths, raw, strict=True)):
            return True
    return not shards


class Coverage:
    """What a set's `.kstream/coverage.ndjson` says: arrays left out with their reason, and remarks, by path."""

    def __init__(self, path: Path) -> None:
        self.skipped: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        file = path / ".kstream" / "coverage.ndjson"
        for line in file.read_text().splitlines() if file.is_file() else []:
            record = json.loads(line)
            if "path" not in record:
                continue
            name = record["path"].strip("/")
            if record.get("outcome") == "skipped":
                self.skipped[name] = record["reason"]
            remarks = [self.notes.get(name), record.get("note"), record.get("remark")]
            if any(remarks):
                self.notes[name] = "\n".join(filter(None, remarks))

    def named(self, path: str) -> str | None:
        """The reason given for a path or for a group above it, in `skipped` first."""
        parts = path.split("/")
        for table in (self.skipped, self.notes):
            for end in range(len(parts), 0, -1):
                reason = table.get("/".join(parts[:end]))
                if reason is not None:
                    return reason
        return None
