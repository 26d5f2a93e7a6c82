"""Random arrays in random layouts, as plain data: what the files of a case hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

DIMS = ("t", "z", "y", "x")
HDF5_TYPES = (
    *("<i1", "<u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8"),
    *("<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "|b1", "|S1", "|S5", "|S13"),
)
CLASSIC_TYPES = (">i1", "|S1", ">i2", ">i4", ">f4", ">f8")
CDF5_TYPES = (*CLASSIC_TYPES, ">u1", ">u2", ">u4", ">i8", ">u8")
TYPES = {
    "earliest": HDF5_TYPES,
    "latest": HDF5_TYPES,
    "NETCDF3_CLASSIC": CLASSIC_TYPES,
    "NETCDF3_64BIT_OFFSET": CLASSIC_TYPES,
    "NETCDF3_64BIT_DATA": CDF5_TYPES,
    "scipy-1": CLASSIC_TYPES,
    "scipy-2": CLASSIC_TYPES,
}
FILTERED = ("gzip", "fletcher32")


@dataclass
class Array:
    """One array of every file; `chunks` where it is chunked; of `missing` ones some chunks are never written."""

    name: str
    dims: tuple[str, ...]
    dtype: str
    layout: str = "contiguous"  # contiguous | chunked | early | gzip | fletcher32 | unwritten
    chunks: tuple[int, ...] | None = None
    missing: bool = False
    odd: tuple[int, ...] | None = None  # other chunks, deflated, in the second file

    def chunks_in(self, file: int) -> tuple[int, ...] | None:
        """The chunks of one file."""
        return self.odd if self.odd and file == 1 else self.chunks


@dataclass
class Case:
    """What is written, and what is done to it. `order` tells which file comes where in the list."""

    seed: int
    kind: str
    sizes: dict[str, int]
    lengths: list[int]  # of t, a file each
    order: list[int]
    unlimited: bool
    arrays: list[Array]
    operations: list[dict[str, Any]] = field(default_factory=list)
    record_size: int = 100_000
    inline_limit: int = 1 << 20
    staged: int = 0  # operations after which each file is a set of its own
    reads: str = "written"

    def size(self, dim: str, file: int | None = None) -> int:
        """The extent of a dimension, of t in one file or in all."""
        if dim != "t":
            return self.sizes[dim]
        return sum(self.lengths) if file is None else self.lengths[file]

    def shape(self, array: Array, file: int | None = None) -> tuple[int, ...]:
        """The shape of an array in one file, or joined."""
        return tuple(self.size(dim, file) for dim in array.dims)

    @property
    def is_hdf5(self) -> bool:
        """Whether the files are HDF5."""
        return TYPES[self.kind] is HDF5_TYPES

    def array(self, name: str) -> Array:
        """By the name that the files give it."""
        return next(array for array in self.arrays if array.name == name)


class Dice:
    """A seeded generator with the throws that are needed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def chance(self, share: float) -> bool:
        """True in that share of throws."""
        return bool(self.rng.random() < share)

    def number(self, low: int, high: int) -> int:
        """From low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, options: Sequence[Any]) -> Any:
        """One of them."""
        return options[int(self.rng.integers(len(options)))]


def make_lengths(dice: Dice) -> list[int]:
    """Steps of t in each file."""
    count = dice.pick((1, 1, 2, 2, 3, 4))
    if dice.chance(0.4):
        return [dice.number(1, 8)] * count
    lengths = [dice.number(1, 8) for _ in range(count)]
    if dice.chance(0.05):
        lengths[dice.number(0, count - 1)] = 0
    return lengths


def make_arrays(dice: Dice, case: Case) -> list[Array]:
    """One to three arrays of data; where there are files to join, the first one grows along t."""
    arrays = []
    for number in range(dice.number(1, 3)):
        dims = make_dims(dice, must_grow=number == 0 and len(case.lengths) > 1)
        array = Array(f"v{number}", dims, dice.pick(TYPES[case.kind]))
        arrays.append(with_layout(dice, case, array) if case.is_hdf5 else array)
    return arrays


def make_dims(dice: Dice, must_grow: bool) -> tuple[str, ...]:
    """None to four dimensions, mostly in the usual order."""
    count = dice.pick((0, 1, 2, 2, 3, 3, 4, 4))
    dims = [dim for dim in DIMS if dim in set(dice.rng.permutation(DIMS)[:count])]
    if must_grow and "t" not in dims:
        dims = ["t", *dims[:3]]
    return tuple(map(str, dice.rng.permutation(dims))) if dice.chance(0.1) else tuple(dims)


def make_coordinate(dice: Dice, case: Case, dim: str) -> Array:
    """The array that is called as its dimension."""
    types = [dtype for dtype in TYPES[case.kind] if dtype[1:] in ("i4", "f4", "f8")]
    array = Array(dim, (dim,), dice.pick(types))
    if case.is_hdf5 and case.unlimited and dim == "t" and dice.chance(0.5):
        return Array(dim, (dim,), array.dtype, "chunked", (dice.pick((1, 2, 512)),))
    return array


def with_layout(dice: Dice, case: Case, array: Array) -> Array:
    """How HDF5 stores it. The chunks of all files are alike, so that files can be joined."""
    layout = dice.pick(("contiguous", "contiguous", "chunked", "chunked", "early", "early"))
    if array.dims == () or min(case.shape(array)) == 0:
        layout = "contiguous"
    if layout == "contiguous":
        array.layout = "unwritten" if dice.chance(0.1) else "contiguous"
        return array
    if layout == "chunked" and dice.chance(0.3):
        layout = dice.pick(FILTERED)
    array.layout = layout
    array.chunks = tuple(chunk_extent(dice, case, dim) for dim in array.dims)
    array.missing = layout != "early" and dice.chance(0.6)
    # What does not grow has to be the same in all files, with all its missing chunks.
    if "t" in array.dims and len(case.lengths) > 1 and dice.chance(0.1):
        array.odd = tuple(chunk_extent(dice, case, dim) for dim in array.dims)
    return array


def chunk_extent(dice: Dice, case: Case, dim: str) -> int:
    """A divisor more often than not; along a dimension that grows it may be too long."""
    extent = case.sizes[dim] if dim != "t" else dice.pick(case.lengths) or 1
    if dim == "t" and case.unlimited and dice.chance(0.1):
        return extent + dice.number(1, 5)
    # Chunks of fixed dimensions may not be longer than these are.
    most = extent if dim != "t" or case.unlimited else max(1, min(case.lengths))
    if dice.chance(0.3):
        return most
    return dice.pick(divisors(most)) if dice.chance(0.7) else dice.number(1, most)


def divisors(extent: int) -> list[int]:
    """All of them."""
    return [n for n in range(1, extent + 1) if extent % n == 0]
