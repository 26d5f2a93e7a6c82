"""Does a reference set say exactly what its originals say? Tested three ways, array by array.

Usage: python equality.py SET ORIGINAL... [--concat DIM] [--group-walk] [--json]

raw      zarr-python against h5py, bit for bit (through fsspec's fastparquet engine, and pyarrow where no chunk is missing)
stored   xarray with mask_and_scale=False against xarray's own netcdf4 and h5netcdf engines on the originals
decoded  the same with xarray's defaults

Each array ends as equal, skipped (the set's coverage names it), different, lost (absent and not named) or error; an
alias (a soft or external link, or a second hard link) may be present or named; "g/" is a whole group. Exit 1 unless all are equal or skipped.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import warnings
from collections.abc import Callable, Hashable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import originals
import sets
import xarray
import zarr
from comparison import attribute_difference, decoded_difference, raw_difference, selections

ENGINES = ("netcdf4", "h5netcdf")
FEW_CHUNKS = 100  # arrays of more are read whole once, and sampled in the other views
BAD = ("different", "lost", "error", "metadata")


@dataclass(frozen=True)
class Result:
    """What became of one array, and in which view it was decided."""

    path: str
    status: str
    view: str = ""
    detail: str = ""


def check(
    set_path: Path,
    files: list[Path],
    concat: str | None = None,
    group_walk: bool = True,
    engines: tuple[str, ...] = ENGINES,
) -> list[Result]:
    """Every array and group of the originals, and whatever the set has in excess."""
    coverage = sets.Coverage(set_path)
    opened = [h5py.File(file, "r") for file in files]
    try:
        results = raw_results(set_path, opened, concat, coverage)
        equal = {result.path for result in results if result.status == "equal"}
        groups = sorted(sets.group_paths(set_path)) if group_walk else [""]
        worse: dict[str, Result] = {}
        unopened: list[Result] = []
        for group in groups:
            for result in xarray_results(set_path, files, group, concat, coverage, engines):
                if result.path.endswith("/"):
                    unopened.append(result)
                elif result.path in equal and worse.get(result.path, result).status in (
                    "metadata",
                    result.status,
                ):
                    worse[result.path] = result
        return [worse.get(result.path, result) for result in results] + unopened
    finally:
        for file in opened:
            file.close()


def raw_results(
    set_path: Path, files: list[h5py.File], concat: str | None, coverage: sets.Coverage
) -> list[Result]:
    """The raw view: one result an array."""
    present, groups = sets.array_paths(set_path), sets.group_paths(set_path)
    root = sets.open_zarr(set_path, "fastparquet")
    second = sets.open_zarr(set_path, "pyarrow")
    results: list[Result] = []
    met: set[str] = set()
    for entry in originals.walk(files[0]):
        name = entry.name_in_set
        if entry.kind == "array" and originals.is_dimension_only(entry.node):
            continue
        met.add(name)
        if name in present and entry.kind in ("array", "null"):
            nodes = [entry.node, *(file[entry.path] for file in files[1:])]
            results.append(judged(name, lambda: raw_array(set_path, name, root, second, nodes, concat)))  # noqa: B023
        elif entry.kind == "group" and name in groups:
            results.append(Result(name, "equal", "raw", "a group"))
        else:
            results.extend(absent(entry, name, coverage))
    for path in sorted(present - met):
        node = files[0].get(path)
        if isinstance(node, h5py.Dataset) and not originals.is_dimension_only(
            node
        ):  # below a group that the walk entered under another name
            results.append(judged(path, lambda: raw_array(set_path, path, root, second, [node], None)))  # noqa: B023
        else:
            results.append(Result(path, "different", "raw", "in the set, not in the original"))
    return results


def absent(entry: originals.Entry, name: str, coverage: sets.Coverage) -> Iterable[Result]:
    """What it means that the set lacks the object of a link."""
    reason = coverage.named(name) or coverage.named(entry.path)
    if reason is not None:
        yield Result(name, "skipped", "raw", reason)
    elif entry.kind == "array":
        yield Result(name, "lost", "raw", "another link to an array" if entry.alias else "an array")
    elif entry.kind == "group":
        yield Result(name, "lost", "raw", "another link to a group" if entry.alias else "a group")
    elif entry.kind in ("null", "dangling", "unreadable"):
        yield Result(
            name, "lost", "raw", {"null": "a null dataspace"}.get(entry.kind, f"a {entry.kind} link")
        )


def judged(path: str, compare: Callable[[], str | None]) -> Result:
    """Runs a raw comparison; what it raises is an error of the reader on the set."""
    try:
        found = compare()
    except UnreadableOriginal as problem:
        return Result(path, "unchecked", "raw", str(problem))
    except Exception as problem:  # noqa: BLE001  (whatever a reader raises is a result)
        return Result(path, "error", "raw", f"{type(problem).__name__}: {problem}"[:300])
    return Result(path, "different", "raw", found) if found else Result(path, "equal")


class UnreadableOriginal(Exception):
    """h5py itself cannot read the array: there is no truth to compare with."""


def raw_array(
    set_path: Path,
    name: str,
    root: zarr.Group,
    second: zarr.Group,
    nodes: list[h5py.Dataset],
    concat: str | None,
) -> str | None:
    """One array through zarr-python with both Parquet engines against h5py."""
    node = nodes[0]
    if node.shape is None:
        return "a null dataspace reads as an array"
    if originals.has_objects(node.dtype):
        return "references and sequences cannot be expressed, yet the set has the array"
    array = root[name]
    dims = array.attrs.get("_ARRAY_DIMENSIONS", [])
    if concat in dims and len(nodes) > 1:
        axis = list(dims).index(concat)
        truth = np.concatenate([truth_of(other, ()) for other in nodes], axis=axis)
        return raw_difference(np.asarray(array[...]), truth)
    inner = node.dtype.subdtype[1] if node.dtype.subdtype else ()
    if array.shape != node.shape + inner and not grown_by_netcdf(array.shape, node):
        return f"shape {array.shape}, should be {node.shape + inner}"
    few = math.prod(-(-n // c) for n, c in zip(array.shape, array.chunks, strict=True)) <= FEW_CHUNKS
    again = second[name] if few and not sets.has_missing_chunks(set_path, name) else None
    for part in selections(node.shape, node.dtype.itemsize, node.chunks):
        truth = truth_of(node, part)
        for engine, reader in (("", array), ("through pyarrow: ", again)):
            if reader is None:
                continue
            mine = np.asarray(reader[part] if part else reader[...])
            found = raw_difference(mine, truth)
            if found:
                return engine + found
    return None


def grown_by_netcdf(shape: tuple[int, ...], node: h5py.Dataset) -> bool:
    """True where only unlimited axes are longer: netCDF pads a variable to its dimension (the xarray views see the rest)."""
    same_rank = len(shape) == len(node.shape) and originals.has_scales(node)
    return same_rank and all(
        mine == truth or (mine > truth and limit is None)
        for mine, truth, limit in zip(shape, node.shape, node.maxshape, strict=True)
    )


def truth_of(node: h5py.Dataset, part: tuple[slice, ...]) -> np.ndarray:
    """What h5py reads."""
    try:
        return originals.values_of(node, part)
    except Exception as problem:
        raise UnreadableOriginal(f"h5py: {problem}"[:200]) from problem


def xarray_results(
    set_path: Path,
    files: list[Path],
    group: str,
    concat: str | None,
    coverage: sets.Coverage,
    engines: tuple[str, ...],
) -> Iterable[Result]:
    """The stored and the decoded view of one group, for the variables that xarray's own engines can read."""
    for view, options in (("stored", {"mask_and_scale": False, "decode_times": False}), ("decoded", {})):
        truths = [
            truth for engine in engines if (truth := open_originals(files, engine, group, concat, options))
        ]
        if not truths:
            continue
        try:
            mine = sets.open_xarray(set_path, group, **options)
        except Exception as problem:  # noqa: BLE001
            detail = f"{type(problem).__name__}: {problem}"[:300]
            yield Result(f"{group}/", "error", view, detail)
            continue
        for name in dict.fromkeys(name for truth in truths for name in truth.variables):
            path = joined(group, str(name))
            if coverage.named(path) is not None and name not in mine.variables:
                continue
            theirs = [truth.variables[name] for truth in truths if name in truth.variables]
            result = variable_result(path, view, mine.variables.get(name), theirs)
            if result and not excused(result, view, coverage.named(path)):
                yield result
        for dataset in (mine, *truths):
            dataset.close()


def excused(result: Result, view: str, note: str | None) -> bool:
    """What the coverage says of the array: a fill value that the set had to add, an attribute that JSON cannot hold."""
    if note is None:
        return False
    attribute = re.fullmatch(r"attribute '(.+)' only in the original", result.detail)
    if attribute and attribute[1] in note:
        return True
    return view == "decoded" or (result.status == "metadata" and "'_FillValue'" in result.detail)


def joined(group: str, name: str) -> str:
    """The path of a variable in a group."""
    return f"{group}/{name}" if group else name


def open_originals(
    files: list[Path], engine: str, group: str, concat: str | None, options: dict[str, Any]
) -> xarray.Dataset | None:
    """The originals through one of xarray's own engines, or None where it cannot."""
    more = {"phony_dims": "access"} if engine == "h5netcdf" else {}
    try:
        opened = [
            xarray.open_dataset(file, engine=engine, group=group or None, **more, **options) for file in files
        ]
        if len(opened) == 1:
            return opened[0]
        return xarray.concat(
            opened,
            dim=concat,
            data_vars="minimal",
            coords="minimal",
            compat="override",
            combine_attrs="override",
        )
    except Exception:  # noqa: BLE001  (an engine that cannot read a file says nothing about the set)
        return None


def variable_result(
    path: str, view: str, mine: xarray.Variable | None, theirs: list[xarray.Variable]
) -> Result | None:
    """The best agreement with any of the engines; None when a variable agrees or no engine can read it."""
    if mine is None:
        return Result(path, "different", view, "no such variable in xarray")
    verdicts: list[Result | None] = []
    for truth in theirs:
        try:
            chunks = mine.encoding.get("chunks") if mine.shape == truth.shape else None
            parts = selections(truth.shape, truth.dtype.itemsize, chunks, FEW_CHUNKS)
            values = [np.asarray(truth[part].values) for part in parts]
        except Exception:  # noqa: BLE001
            continue
        verdicts.append(
            variable_verdict(path, view, mine, truth, list(zip(parts, values, strict=True)))
        )
    if not verdicts or None in verdicts:
        return None
    return min((v for v in verdicts if v), key=lambda verdict: verdict.status != "metadata")


def variable_verdict(
    path: str,
    view: str,
    mine: xarray.Variable,
    truth: xarray.Variable,
    parts: list[tuple[tuple[slice, ...], np.ndarray]],
) -> Result | None:
    """A variable against the same one of one engine."""
    scaled = "scale_factor" in truth.encoding or "add_offset" in truth.encoding
    try:
        if mine.shape != truth.shape and mine.ndim > truth.ndim and truth.dtype.kind not in "SU":
            if mine.shape[: truth.ndim] == truth.shape and all(
                v.shape[truth.ndim :] == mine.shape[truth.ndim :] for _, v in parts
            ):
                return None  # an array type: h5netcdf keeps its axes in the values alone; the raw view has compared them
        if mine.shape != truth.shape:
            return Result(path, "different", view, f"shape {mine.shape}, should be {truth.shape}")
        for part, values in parts:
            found = decoded_difference(np.asarray(mine[part].values), values, scaled)
            if found:
                return Result(path, "different", view, found)
    except Exception as problem:  # noqa: BLE001
        if mine.dtype.kind == "V" and "to dtype('V" in str(problem):
            return None  # xarray itself cannot read a structure with big-endian fields; the raw view has compared them
        return Result(path, "error", view, f"{type(problem).__name__}: {problem}"[:300])
    if not same_dims(mine.dims, truth.dims):
        return Result(path, "metadata", view, f"dimensions {mine.dims}, should be {truth.dims}")
    found = attribute_difference(dict(mine.attrs), dict(truth.attrs))
    return Result(path, "metadata", view, found) if found else None


def same_dims(mine: tuple[Hashable, ...], truth: tuple[Hashable, ...]) -> bool:
    """Equal names; anonymous dimensions are counted over all variables that an engine can read, so their numbers vary."""

    def anonymous(name: Hashable) -> bool:
        return str(name).startswith("phony_dim_")

    return all(
        left == right or (anonymous(left) and anonymous(right))
        for left, right in zip(mine, truth, strict=True)
    )


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("originals", type=Path, nargs="+")
    parser.add_argument("--concat", metavar="DIM")
    parser.add_argument(
        "--group-walk", action="store_true", help="every group by its own path, not the root alone"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    results = check(options.set.resolve(), options.originals, options.concat, options.group_walk)
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=1))
    else:
        for result in results:
            print(f"{result.status:10} {result.path}  {result.view} {result.detail}".rstrip())
    good = sum(result.status not in BAD for result in results)
    print(f"{good} passed, {len(results) - good} failed", file=sys.stderr if options.json else sys.stdout)
    return 0 if results and good == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
