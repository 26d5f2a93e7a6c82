"""Icechunk repositories as Python reads them: icechunk, zarr-python and xarray against h5py, netCDF4 and xarray's own engines.

check_icechunk.py values JOBS     JOBS is JSON: [{"repository", "originals": [...], "concat"?, "report": {"skipped", "notes"}}];
                                  prints how many arrays ended how, and every one that is not equal; exit 1 on any
check_icechunk.py changed REPO FILE ARRAY   reads ARRAY, changes FILE (two seconds later), and must be refused then
check_icechunk.py layout REPO DIR           every array of REPO against what check_parquet.py has written to DIR
check_icechunk.py history REPO              the messages and the times of all commits, and what the last two brought
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("ICECHUNK_LOG", "error")

import classic
import equality
import icechunk
import numpy as np
import xarray
import zarr

REPORTS: dict[Path, dict[str, Any]] = {}


def open_repository(path: Path) -> icechunk.Repository:
    """As the documentation says: the containers that the repository names are authorised, nothing else is given."""
    storage = icechunk.local_filesystem_storage(str(path))
    config = icechunk.Repository.fetch_config(storage)
    containers = (config and config.virtual_chunk_containers) or {}
    return icechunk.Repository.open(storage, authorize_virtual_chunk_access={name: None for name in containers})


def open_root(path: Path) -> zarr.Group:
    """The root group of the branch main."""
    return zarr.open_group(open_repository(path).readonly_session("main").store, mode="r", zarr_format=3)


class Named:
    """An array whose dimensions stand where Zarr v2 has them."""

    def __init__(self, array: zarr.Array) -> None:
        self.array = array
        self.attrs = {**array.attrs, "_ARRAY_DIMENSIONS": list(array.metadata.dimension_names or ())}
        self.shape, self.chunks = array.shape, array.chunks
        # In Zarr v3 the byte order is the codec's, and values come in this machine's.
        big = any(getattr(getattr(codec, "endian", None), "value", "") == "big" for codec in array.metadata.codecs)
        self.dtype = array.dtype.newbyteorder(">") if big else array.dtype

    def __getitem__(self, part: Any) -> Any:
        values = np.asarray(self.array[part])
        return values.astype(object if values.dtype.kind == "T" else self.dtype)


class Root:
    """The arrays of a repository by path."""

    def __init__(self, path: Path) -> None:
        self.group = open_root(path)
        self.attrs = self.group.attrs

    def __getitem__(self, name: str) -> Named:
        return Named(self.group[name])


class Repositories:
    """What equality.py and classic.py ask of a set, asked of a repository."""

    @staticmethod
    def open_zarr(path: Path, engine: str) -> Root:
        return Root(path)

    @staticmethod
    def open_xarray(path: Path, group: str, **options: Any) -> xarray.Dataset:
        store = open_repository(path).readonly_session("main").store
        return xarray.open_zarr(
            store, group=group or None, consolidated=False, zarr_format=3, chunks=None, **options
        )

    @staticmethod
    def array_paths(path: Path) -> set[str]:
        return {name for name, node in members(path) if isinstance(node, zarr.Array)}

    @staticmethod
    def group_paths(path: Path) -> set[str]:
        return {"", *(name for name, node in members(path) if isinstance(node, zarr.Group))}

    @staticmethod
    def has_missing_chunks(path: Path, array: str) -> bool:
        return True  # there is no second engine

    class Coverage:
        """What the sink told of arrays that it left out, and what it remarked."""

        def __init__(self, path: Path) -> None:
            report = REPORTS[path]
            self.skipped = {each["path"].strip("/"): each["reason"] for each in report["skipped"]}
            self.notes: dict[str, str] = {}
            for each in report["notes"]:
                name = each["path"].strip("/")
                self.notes[name] = "\n".join(filter(None, [self.notes.get(name), each["reason"]]))

        named = equality.sets.Coverage.named


def members(path: Path) -> list[tuple[str, Any]]:
    """Every node below the root."""
    return list(open_root(path).members(max_depth=None))


def check(job: dict[str, Any]) -> list[Any]:
    """The results of one repository."""
    path, originals = Path(job["repository"]), [Path(file) for file in job["originals"]]
    REPORTS[path] = job["report"]
    if classic.is_classic(originals[0]):
        return list(classic.check(path, originals[0]))
    return equality.check(path, originals, job.get("concat"))


def values(jobs: list[dict[str, Any]]) -> int:
    """All repositories of a list."""
    equality.sets = classic.sets = Repositories  # type: ignore[assignment]
    counts: Counter[str] = Counter()
    for job in jobs:
        for result in check(job):
            counts[result.status] += 1
            if result.status in equality.BAD:
                print(f"{job['originals'][0]}: {result.status} {result.path}: {result.view} {result.detail}")
    print(json.dumps(counts, sort_keys=True))
    return 1 if any(counts[status] for status in equality.BAD) else 0


def changed(path: Path, file: Path, array: str) -> int:
    """A file that changed after it was scanned must not be read."""
    before = open_root(path)[array][...]
    time = file.stat().st_mtime_ns + 2_000_000_000
    os.utime(file, ns=(time, time))
    try:
        open_root(path)[array][...]
    except Exception as problem:  # noqa: BLE001
        print(f"read {before.size} values, then refused: {'modified' in str(problem) or 'changed' in str(problem)}")
        return 0
    print("read a file that had changed")
    return 1


def same(mine: Any, truth: Any) -> bool:
    """Equal in value and type, NaN being NaN."""
    if isinstance(mine, list):
        return isinstance(truth, list) and len(mine) == len(truth) and all(map(same, mine, truth))
    return type(mine) is type(truth) and (mine == truth or (mine != mine and truth != truth))


def layout(path: Path, folder: Path) -> int:
    """Values that numpy wrote, raw and through xarray, where no fill value may mask but the attribute's."""
    root, known = open_root(path), json.loads((folder / "layout.json").read_text())
    dataset = Repositories.open_xarray(path, "")
    assert all(same(root.attrs[key], value) for key, value in known["attributes"].items()), dict(root.attrs)
    for number, array in enumerate(known["arrays"]):
        name, truth = array["path"], np.load(folder / "values" / f"{number}.npy")
        np.testing.assert_array_equal(root[name][...], truth, err_msg=name)
        assert root[name].dtype == truth.dtype.newbyteorder("="), name
        attributes = {key: value for key, value in array["attributes"].items() if key != "_FillValue"}
        assert all(same(root[name].attrs[key], attributes[key]) for key in attributes), name
        fill = array["attributes"].get("_FillValue")
        if "/" not in name:
            # xarray makes doubles of integers before it compares.
            as_compared = truth.astype("f8") if truth.dtype.kind == "i" else truth
            masked = truth if fill is None else np.where(as_compared == fill, np.nan, as_compared)
            np.testing.assert_array_equal(dataset[name].values, masked, err_msg=name)
    print("equal")
    return 0


def history(path: Path) -> int:
    """What Icechunk tells of the commits."""
    repository = open_repository(path)
    commits = list(repository.ancestry(branch="main"))
    for commit in commits:
        print(commit.written_at.timestamp(), commit.message)
    for newer, older in zip(commits[:2], commits[1:3], strict=False):
        diff = repository.diff(from_snapshot_id=older.id, to_snapshot_id=newer.id)
        chunks = {name: len(indexes) for name, indexes in diff.updated_chunks.items()}
        print(json.dumps([sorted(diff.new_groups), sorted(diff.new_arrays), chunks]))
    return 0


def main() -> int:
    """The command line."""
    warnings.simplefilter("ignore")
    command, *rest = sys.argv[1:]
    if command == "values":
        return values(json.loads(Path(rest[0]).read_text()))
    if command == "changed":
        return changed(Path(rest[0]), Path(rest[1]), rest[2])
    return layout(Path(rest[0]), Path(rest[1])) if command == "layout" else history(Path(rest[0]))


if __name__ == "__main__":
    sys.exit(main())
