"""Does a reference set say exactly what a netCDF classic file (CDF-1, CDF-2, CDF-5) says? Three ways, as equality.py.

raw      zarr-python against netCDF4-python, bit for bit, big-endian as the file has it, through both Parquet engines
stored   xarray with mask_and_scale=False against xarray's own netcdf4 engine (scipy's where that cannot)
decoded  the same with xarray's defaults
"""

from __future__ import annotations

from pathlib import Path

import equality
import netCDF4
import numpy as np
import sets
import zarr
from comparison import raw_difference, selections
from equality import Result

ENGINES = ("netcdf4",)
MAGIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")


def is_classic(path: Path) -> bool:
    """True where the file begins as the classic formats do."""
    with path.open("rb") as file:
        return file.read(4) in MAGIC


def check(set_path: Path, path: Path) -> list[Result]:
    """Every variable of the file, and whatever the set has in excess; "/" stands for the root's attributes."""
    coverage = sets.Coverage(set_path)
    present = sets.array_paths(set_path)
    root = sets.open_zarr(set_path, "fastparquet")
    second = sets.open_zarr(set_path, "pyarrow")
    results: list[Result] = []
    try:
        truth = netCDF4.Dataset(path)
    except OSError as problem:
        return [Result("/", "unchecked", "raw", f"netCDF4: {problem}")]
    with truth as file:
        file.set_auto_maskandscale(False)
        file.set_auto_chartostring(False)
        for name, variable in file.variables.items():
            if name not in present:
                reason = coverage.named(name)
                lost = Result(name, "lost", "raw", "a variable")
                results.append(lost if reason is None else Result(name, "skipped", "raw", reason))
                continue
            missing = sets.has_missing_chunks(set_path, name)
            readers = [root[name]] if missing else [root[name], second[name]]
            results.append(equality.judged(name, lambda: raw_variable(variable, readers)))  # noqa: B023
        excess = sorted(present - set(file.variables))
        results += [Result(name, "different", "raw", "in the set, not in the original") for name in excess]
        results.append(equality.judged("/", lambda: root_difference(file, root, coverage)))
    worse: dict[str, Result] = {}
    for result in equality.xarray_results(set_path, [path], "", None, coverage, ENGINES):
        worse.setdefault(result.path, result)
    unopened = [result for result in worse.values() if result.path.endswith("/")]
    return [
        worse.get(result.path, result) if result.status == "equal" else result for result in results
    ] + unopened


def raw_variable(variable: netCDF4.Variable, readers: list[zarr.Array]) -> str | None:
    """One variable: the same shape, type, dimensions and bytes."""
    first = readers[0]
    if first.shape != variable.shape:
        return f"shape {first.shape}, should be {variable.shape}"
    if np.dtype(first.dtype).str != np.dtype(variable.dtype).newbyteorder(">").str:
        return f"type {first.dtype}, should be {variable.dtype} in big-endian order"
    if tuple(first.attrs["_ARRAY_DIMENSIONS"]) != variable.dimensions:
        return f"dimensions {first.attrs['_ARRAY_DIMENSIONS']}, should be {variable.dimensions}"
    kind = np.dtype(variable.dtype).newbyteorder(">")
    for part in selections(variable.shape, kind.itemsize, first.chunks):
        try:
            truth = np.asarray(variable[part] if part else variable[...]).astype(kind)
        except Exception as problem:
            raise equality.UnreadableOriginal(f"netCDF4: {problem}"[:200]) from problem
        for reader in readers:
            # A scalar comes in this machine's byte order.
            found = raw_difference(np.asarray(reader[part] if part else reader[...]).astype(kind), truth)
            if found:
                return found
    return None


def root_difference(file: netCDF4.Dataset, root: zarr.Group, coverage: sets.Coverage) -> str | None:
    """The attributes of the file, by value."""
    note = coverage.notes.get("", "")
    truth = {name: file.getncattr(name) for name in file.ncattrs() if f"attribute {name}:" not in note}
    mine = {name: value for name, value in root.attrs.items() if f"attribute {name}:" not in note}
    return equality.attribute_difference(mine, truth)
