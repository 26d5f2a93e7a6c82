"""The truth: every link of an HDF5 file as h5py sees it, and the values of its arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  (registers the filters that libhdf5 lacks)
import numpy as np

NOT_A_VARIABLE = b"This is a netCDF dimension but not a netCDF variable"
NON_COORDINATE = "_nc4_non_coord_"


@dataclass(frozen=True)
class Entry:
    """One link: where it is, what it leads to, and whether its object was met before under another path."""

    path: str
    kind: str  # array | group | null | type | dangling | unreadable
    alias: bool
    node: Any = None

    @property
    def name_in_set(self) -> str:
        """The path under which netCDF readers show the array."""
        head, _, tail = self.path.rpartition("/")
        tail = tail.removeprefix(NON_COORDINATE)
        return f"{head}/{tail}" if head else tail


def identity(node: Any) -> tuple[int, int]:
    """What tells two links to one object."""
    info = h5py.h5o.get_info(node.id)
    return info.fileno, info.addr


def kind_of(node: Any) -> str:
    """Which of the Entry kinds an open object is."""
    if isinstance(node, h5py.Group):
        return "group"
    if isinstance(node, h5py.Datatype):
        return "type"
    return "null" if node.id.get_space().get_simple_extent_type() == h5py.h5s.NULL else "array"


def walk(file: h5py.File) -> Iterator[Entry]:
    """Every link, hard ones first, so that an object's first path is its own; each group is entered once."""
    seen = {identity(file)}
    groups: list[tuple[str, h5py.Group]] = [("", file)]
    later: list[tuple[str, h5py.Group, str]] = []
    while groups or later:
        if not groups:
            prefix, group, name = later.pop(0)
            yield from visit(prefix, group, name, True, seen, groups)
            continue
        prefix, group = groups.pop(0)
        for name in group:
            try:
                soft = not isinstance(group.get(name, getlink=True), h5py.HardLink)
            except (TypeError, KeyError, OSError):  # user-defined links
                soft = True
            if soft:
                later.append((prefix, group, name))
            else:
                yield from visit(prefix, group, name, False, seen, groups)


def visit(
    prefix: str,
    group: h5py.Group,
    name: str,
    soft: bool,
    seen: set[tuple[int, int]],
    groups: list[tuple[str, h5py.Group]],
) -> Iterator[Entry]:
    """The entry of one link; a group met for the first time through a hard link joins the walk."""
    path = f"{prefix}/{name}" if prefix else name
    try:
        node = group[name]
        known, kind = identity(node), kind_of(node)
    except (KeyError, OSError, RuntimeError, TypeError, ValueError, NotImplementedError):
        yield Entry(path, "dangling" if soft else "unreadable", soft)
        return
    first = known not in seen
    seen.add(known)
    if kind == "group" and first and not soft:
        groups.append((path, node))
    yield Entry(path, kind, soft or not first, node)


def is_dimension_only(node: h5py.Dataset) -> bool:
    """True for the placeholder that netCDF-4 writes for a dimension without a variable."""
    try:
        name = node.attrs.get("NAME")
    except (OSError, TypeError, ValueError, RuntimeError):
        return False
    return isinstance(name, bytes) and name.startswith(NOT_A_VARIABLE)


def has_scales(node: h5py.Dataset) -> bool:
    """True for an array with netCDF dimensions."""
    return "DIMENSION_LIST" in node.attrs or "_Netcdf4Dimid" in node.attrs or "CLASS" in node.attrs


def has_objects(dtype: np.dtype) -> bool:
    """True where a type holds references or variable-length sequences: nothing that Zarr could say."""
    if dtype.subdtype:
        return has_objects(dtype.subdtype[0])
    if dtype.names:
        return any(has_objects(dtype[name]) for name in dtype.names)
    return dtype.kind == "O" and h5py.check_string_dtype(dtype) is None


def is_text(dtype: np.dtype) -> bool:
    """True for variable-length strings."""
    return dtype.kind == "O" and h5py.check_string_dtype(dtype) is not None


def as_text(values: Any) -> np.ndarray:
    """Variable-length strings as Python strings; an unset one is the empty string."""

    def decode(value: Any) -> str:
        if isinstance(value, bytes):
            return value.decode("utf-8", "surrogateescape")
        return "" if value is None or value == 0 else str(value)

    array = np.asarray(values, dtype=object)
    return np.array([decode(value) for value in array.ravel()], dtype=object).reshape(array.shape)


def values_of(node: h5py.Dataset, selection: tuple[slice, ...]) -> np.ndarray:
    """The values h5py reads, C order; an array type gives trailing axes."""
    values = node[selection] if selection else node[()]
    return as_text(values) if is_text(node.dtype) else np.asarray(values)
