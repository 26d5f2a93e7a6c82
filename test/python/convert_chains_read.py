"""What zarr-python and xarray read of a set of any format, against what it has to hold."""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import check_icechunk
import fsspec
import numpy as np
import sets
import xarray
import zarr
from comparison import raw_difference, text_difference
from convert_chains_steps import Item, Items
from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper

RAW = {"mask_and_scale": False, "decode_times": False}
OWN = ("_FillValue", "_ARRAY_DIMENSIONS", "CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid")


def is_readable(path: Path) -> bool:
    """Whether Python opens it as it is."""
    return path.name.endswith((".parq", ".json", ".json.gz", ".icechunk"))


class Opened:
    """A set: its root in zarr-python, and its groups in xarray."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store: Any = None
        self.is_v3 = path.suffix == ".icechunk"
        if self.is_v3:
            self.store = check_icechunk.open_repository(path).readonly_session("main").store
            self.root: Any = zarr.open_group(self.store, mode="r", zarr_format=3)
        elif path.suffix == ".parq":
            self.root = sets.open_zarr(path, "fastparquet")
        else:
            self.store, self.keys = json_store(path)
            self.root = zarr.open_group(self.store, mode="r", zarr_format=2, use_consolidated=False)

    def paths(self) -> set[str]:
        """Of all arrays."""
        if self.path.suffix == ".parq":
            return sets.array_paths(self.path)
        if not self.is_v3:  # zarr-python lists no groups within groups of these
            return {key.removesuffix("/.zarray") for key in self.keys if key.endswith("/.zarray")}
        return {name for name, node in self.root.members(max_depth=None) if isinstance(node, zarr.Array)}

    def array(self, path: str) -> Any:
        """With `dims`, `dtype` and values in the byte order that the set has."""
        return check_icechunk.Named(self.root[path]) if self.is_v3 else self.root[path]

    def dataset(self, group: str, **how: Any) -> xarray.Dataset:
        """A group by xarray. No characters become strings: only those of arrays in memory do."""
        how = {"concat_characters": False, **how}
        if self.store is None:
            return sets.open_xarray(self.path, group, **how)
        form = 3 if self.is_v3 else 2
        return xarray.open_zarr(
            self.store, group=group or None, consolidated=False, zarr_format=form, chunks=None, **how
        )


class Document(zarr.storage.FsspecStore):
    """zarr-python finds nothing in the groups of one: fsspec lists no folder of it twice."""

    def __init__(self, files: Any, keys: list[str]) -> None:
        super().__init__(files, read_only=True)
        self.keys = keys

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """What lies right below a group."""
        start = f"{prefix.strip('/')}/".lstrip("/")
        for name in {key.removeprefix(start).split("/")[0] for key in self.keys if key.startswith(start)}:
            yield name


def json_store(path: Path) -> tuple[Document, list[str]]:
    """As fsspec reads a document, and all its keys."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    document = json.loads(text)
    # Of scalars VirtualiZarr writes keys that no reader finds.
    found = document.get("refs", document)
    found |= {f"{key}0": value for key, value in found.items() if key.endswith("/")}
    files = fsspec.filesystem(
        "reference", fo=document, remote_protocol="file", asynchronous=True, skip_instance_cache=True
    )
    keys = list(files.references)
    return Document(files if files.async_impl else AsyncFileSystemWrapper(files), keys), keys


def values_of(array: Any) -> np.ndarray:
    """All values; zarr-python gives that of a scalar without its type."""
    dtype = array.dtype if not array.shape else None
    return np.asarray(array[...], object if array.dtype.kind in "OT" else dtype)


def groups_of(paths: set[str]) -> set[str]:
    """The groups that hold arrays."""
    return {path.rpartition("/")[0] for path in paths}


def read_items(path: Path) -> Items:
    """What a set holds as it is read."""
    opened, items = Opened(path), {}
    for group in groups_of(opened.paths()):
        raw, decoded = opened.dataset(group, **RAW), opened.dataset(group)
        for name in raw.variables:
            full = f"{group}/{name}".lstrip("/")
            array = opened.array(full)
            values = values_of(array)
            read = decoded[name].values
            # False and empty text become NaN too: that is what no file says.
            if values.dtype.kind not in "iuf":
                read = values
            elif "_FillValue" in array.attrs:
                read = by_attribute(name, raw[name], array)
            items[full] = Item(raw[name].dims, values, read, plain(dict(array.attrs)))
    return items


def by_attribute(name: str, variable: xarray.Variable, array: Any) -> np.ndarray:
    """Values decoded by the attribute `_FillValue`, as the file has it, where `fill_value` says something else."""
    fill = array.attrs["_FillValue"]
    if isinstance(fill, str):
        fill = struct.unpack("<d", base64.b64decode(fill))[0]
    attributes = array.attrs.asdict() | {"_FillValue": np.asarray(fill, array.dtype)[()]}
    whole = xarray.Dataset({name: (variable.dims, variable.values, attributes)})
    return xarray.decode_cf(whole, concat_characters=False)[name].values


def plain(attributes: dict[str, Any]) -> dict[str, Any]:
    """As JSON has them, one value being as good as a list of one."""

    def value(one: Any) -> Any:
        one = one.tolist() if isinstance(one, np.ndarray | np.generic) else one
        return one[0] if isinstance(one, list) and len(one) == 1 else one

    return {key: value(one) for key, one in attributes.items() if key not in OWN}


def differences(path: Path, items: Items) -> list[str]:
    """All that reads otherwise."""
    opened = Opened(path)
    found = opened.paths()
    if found != set(items):
        return [f"arrays {sorted(found)}, should be {sorted(items)}"]
    problems: list[str | None] = []
    for full, item in items.items():
        problems.append(guarded(f"{full} by zarr-python", lambda full=full, item=item: by_zarr(opened, full, item)))
    for group in groups_of(found):
        names = {full.rpartition("/")[2]: item for full, item in items.items() if full.rpartition("/")[0] == group}
        problems.append(guarded(f"{group} by xarray", lambda group=group, names=names: by_xarray(opened, group, names)))
    return [problem for problem in problems if problem]


def guarded(where: str, check: Any) -> str | None:
    """Whatever a reader raises is a result."""
    try:
        problem = check()
    except Exception as error:  # noqa: BLE001
        problem = f"{type(error).__name__}: {error}"[:400]
    return problem and f"{where}: {problem}"


def by_zarr(opened: Opened, path: str, item: Item) -> str | None:
    """Type, values and attributes."""
    array = opened.array(path)
    values = values_of(array)
    attributes = plain(dict(array.attrs))
    if json.dumps(attributes, sort_keys=True) != json.dumps(item.attributes, sort_keys=True):
        return f"attributes {attributes}, should be {item.attributes}"
    if item.raw.dtype.kind == "f" and values.shape == item.raw.shape:
        # Which NaN it is that missing chunks are filled with, nobody says.
        values = np.where(np.isnan(values) & np.isnan(item.raw), item.raw, values).astype(values.dtype)
    return raw_difference(values, item.raw)


def by_xarray(opened: Opened, group: str, items: dict[str, Item]) -> str | None:
    """Raw values and those that it decodes."""
    raw, decoded = opened.dataset(group, **RAW), opened.dataset(group)
    for name, item in items.items():
        if raw[name].dims != item.dims:
            return f"{name}: dimensions {raw[name].dims}, should be {item.dims}"
        for dataset, truth in ((raw, item.raw), (decoded, item.decoded)):
            problem = native_difference(dataset[name].values, truth)
            if problem:
                return f"{name}: {'raw' if dataset is raw else 'decoded'}: {problem}"
    return None


def native_difference(mine: np.ndarray, truth: np.ndarray) -> str | None:
    """Equal in type and value whatever the byte order; NaN is NaN."""
    if truth.dtype.kind in "OUT":
        return text_difference(mine, truth) if mine.shape == truth.shape else f"shape {mine.shape}"
    # numpy's own scalars of text are as long as what they hold.
    as_long = mine.dtype.kind == "S" and mine.ndim == 0
    if mine.dtype.newbyteorder("=") != truth.dtype.newbyteorder("=") and not (as_long and truth.dtype.kind == "S"):
        return f"type {mine.dtype}, should be {truth.dtype}"
    if np.array_equal(mine, truth, equal_nan=truth.dtype.kind in "fcM"):
        return None
    return f"{mine.ravel()[:12]}, should be {truth.ravel()[:12]}"
