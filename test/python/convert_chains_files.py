"""Random small files for chains of conversions, written by h5py or netCDF4, and what numpy holds of them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import netCDF4
import numpy as np
from transform_arrays import CDF5_TYPES, CLASSIC_TYPES, DIMS, HDF5_TYPES, Dice, divisors
from transform_files import NOT_A_VARIABLE, is_written, random_values, regions

CODECS: dict[str, dict[str, Any]] = {
    "none": {},
    "gzip": {"compression": "gzip"},
    "shuffle": {"compression": "gzip", "shuffle": True},
    "fletcher32": {"fletcher32": True},
    "both": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "zstd": dict(hdf5plugin.Zstd()),
    "blosc": dict(hdf5plugin.Blosc(cname="lz4", shuffle=1)),
    "lzf": {"compression": "lzf"},
}
WORDS = ("", "a", "météo", "ωκεανός", "x" * 40, "two words")
CLASSIC = {"NETCDF3_CLASSIC": CLASSIC_TYPES, "NETCDF3_64BIT_OFFSET": CLASSIC_TYPES, "NETCDF3_64BIT_DATA": CDF5_TYPES}


@dataclass
class Array:
    """One array of every file. `fill`: what HDF5 fills missing chunks with; `declared`: the attribute _FillValue."""

    path: str
    dims: tuple[str, ...]
    dtype: str  # "text": strings of any length
    chunks: tuple[int, ...] | None = None
    codec: str = "none"
    missing: bool = False
    fill: float | None = None
    declared: float | None = None
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Within its group."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def type(self) -> np.dtype:
        """numpy's."""
        return np.dtype(object if self.dtype == "text" else self.dtype)


@dataclass
class Files:
    """What the files of a case hold; the lengths are of t, a file each."""

    seed: int
    kind: str
    sizes: dict[str, int]
    lengths: list[int]
    arrays: list[Array] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)

    def shape(self, array: Array, file: int) -> tuple[int, ...]:
        """In one file."""
        return tuple(self.lengths[file] if dim == "t" else self.sizes[dim] for dim in array.dims)


def make_files(dice: Dice, seed: int) -> Files:
    """Files of one kind; a third of them are joined later."""
    kind = dice.pick(("earliest", "latest")) if dice.chance(0.8) else dice.pick(list(CLASSIC))
    count = 2 if dice.chance(0.3) else 1
    lengths = [dice.number(1, 9)] * count
    files = Files(seed, kind, {dim: dice.number(1, 7) for dim in DIMS[1:]}, lengths)
    is_hdf5 = kind not in CLASSIC
    groups = ("", "g", "g/h") if is_hdf5 and dice.chance(0.3) else ("",)
    for number in range(dice.number(1, 4)):
        files.arrays.append(make_array(dice, files, number, dice.pick(groups)))
    used = {dim for array in files.arrays for dim in array.dims}
    for dim in DIMS:
        if dim in used and (dim == "t" and count > 1 or dice.chance(0.5)):
            units = {"units": "days since 2000-01-01"} if dim == "t" and dice.chance(0.7) else {}
            dtype = dice.pick((">f8", ">i4", ">f4") if not is_hdf5 else ("<f8", "<i4", ">i4", "<f4", "<i8"))
            files.arrays.append(Array(dim, (dim,), dtype, attributes=units))
    files.attributes = make_attributes(dice) if dice.chance(0.5) else {}
    return files


def make_array(dice: Dice, files: Files, number: int, group: str) -> Array:
    """An array of data; the first grows along t where files are joined."""
    dims = tuple(dim for dim in DIMS if dice.chance(0.55))
    if number == 0 and len(files.lengths) > 1 and "t" not in dims:
        dims = ("t", *dims)
    path = f"{group}/v{number}".lstrip("/")
    if files.kind in CLASSIC:
        array = Array(path, dims, dice.pick(CLASSIC[files.kind]))
    elif dice.chance(0.07):
        return Array(path, dims, "text", attributes=make_attributes(dice))
    else:
        array = Array(path, dims, dice.pick(HDF5_TYPES))
        if dims and dice.chance(0.75):
            add_chunks(dice, files, array)
    kind = array.type.kind
    if kind in "iuf":
        if array.missing or dice.chance(0.2):
            array.fill = random_fill(dice, array.type) if dice.chance(0.75) else None
        if dice.chance(0.5):
            same = array.fill is not None and dice.chance(0.7)
            array.declared = array.fill if same else random_fill(dice, array.type)
    if files.kind in CLASSIC:
        array.fill = None
    array.attributes = make_attributes(dice)
    return array


def add_chunks(dice: Dice, files: Files, array: Array) -> None:
    """Any chunks; along t such as end where each file does, where files are joined."""

    def extent(dim: str) -> int:
        length = files.lengths[0] if dim == "t" else files.sizes[dim]
        even = dim == "t" and len(files.lengths) > 1
        return dice.pick(divisors(length)) if even or dice.chance(0.5) else dice.number(1, length)

    array.chunks = tuple(map(extent, array.dims))
    array.codec = dice.pick(("none", "none", *CODECS))
    # What does not grow is the same in all files, with all its missing chunks.
    array.missing = dice.chance(0.5)


def random_fill(dice: Dice, dtype: np.dtype) -> float | int:
    """Of any kind that a type has."""
    if dtype.kind == "f":
        large = 1e20 if dtype.itemsize > 2 else 6e4
        return dice.pick((0.0, 77.0, -999.0, float("nan"), float("inf"), -0.0, 0.1, large))
    limits = np.iinfo(dtype)
    return dice.pick((0, 77, int(limits.max), int(limits.min), int(limits.max) - 1))


def make_attributes(dice: Dice) -> dict[str, Any]:
    """A few, of the kinds that JSON has."""
    attributes: dict[str, Any] = {}
    if dice.chance(0.4):
        attributes["long_name"] = dice.pick(WORDS[1:])
    if dice.chance(0.2):
        attributes["number"] = dice.pick((np.int32(7), np.float64(0.1), np.float32(1.5)))
    if dice.chance(0.2):
        attributes["list"] = dice.pick((np.array([1, 2, 3], "i4"), np.array([0.5, 1e300, -2.0])))
    return attributes


def values_of(files: Files, array: Array, file: int) -> np.ndarray:
    """What a file holds of an array."""
    shape, dtype = files.shape(array, file), array.type
    if array.path in DIMS:
        start = sum(files.lengths[:file]) if array.path == "t" else 0
        return np.arange(start, start + shape[0]).astype(dtype)
    number = file if "t" in array.dims else 0
    rng = np.random.default_rng([files.seed, zlib.crc32(array.path.encode()), number])
    if array.dtype == "text":
        return rng.choice(np.array(WORDS, object), shape) if shape else np.array(WORDS[rng.integers(6)], object)
    values = random_values(rng, dtype, shape)
    # Some that are masked.
    for fill in {array.fill, array.declared, 0} if dtype.kind in "iuf" else ():
        if fill is not None and values.size:
            values = np.where(rng.random(shape) < 0.1, np.asarray(fill, dtype), values).astype(dtype)
    if array.missing and array.chunks:
        filled = np.zeros(shape, dtype) if array.fill is None else np.full(shape, array.fill, dtype)
        for place, region in enumerate(regions(shape, array.chunks)):
            if is_written(place):
                filled[region] = values[region]
        return filled
    return values


def attributes_of(array: Array) -> dict[str, Any]:
    """With the fill value that is declared."""
    declared = {} if array.declared is None else {"_FillValue": np.asarray(array.declared, array.type)[()]}
    return array.attributes | declared


def write_files(files: Files, folder: Path) -> list[Path]:
    """All of them, in the order of t."""
    paths = [folder / f"{file}.nc" for file in range(len(files.lengths))]
    for file, path in enumerate(paths):
        (write_classic if files.kind in CLASSIC else write_hdf5)(files, file, path)
    return paths


def write_hdf5(files: Files, file: int, path: Path) -> None:
    """Dimensions are scales of the root; those without an array say so."""
    with h5py.File(path, "w", libver=files.kind) as out:
        out.attrs.update(files.attributes)
        nodes = {array.path: write_dataset(out, files, array, file) for array in files.arrays}
        scales: dict[str, h5py.Dataset] = {}
        for dim in DIMS:
            if dim in nodes:
                nodes[dim].make_scale(dim)
                scales[dim] = nodes[dim]
            elif any(dim in array.dims for array in files.arrays):
                size = files.lengths[file] if dim == "t" else files.sizes[dim]
                scales[dim] = out.create_dataset(dim, shape=(size,), dtype=">f4")
                scales[dim].make_scale(f"{NOT_A_VARIABLE}{size:10d}")
        for array in files.arrays:
            for axis, dim in enumerate(array.dims):
                if dim != array.path:
                    nodes[array.path].dims[axis].attach_scale(scales[dim])


def write_dataset(out: h5py.File, files: Files, array: Array, file: int) -> h5py.Dataset:
    """One array, chunk by chunk where some are missing."""
    values = values_of(files, array, file)
    dtype = h5py.string_dtype() if array.dtype == "text" else array.type
    options: dict[str, Any] = {"fillvalue": array.fill}
    if array.chunks:
        maximum = tuple(None if dim == "t" else n for dim, n in zip(array.dims, values.shape, strict=True))
        options |= {"chunks": array.chunks, "maxshape": maximum, **CODECS[array.codec]}
    node = out.create_dataset(array.path, shape=values.shape, dtype=dtype, **options)
    if array.missing and array.chunks:
        for place, region in enumerate(regions(values.shape, array.chunks)):
            if is_written(place):
                node[region] = values[region]
    else:
        node[...] = values
    node.attrs.update(attributes_of(array))
    return node


def write_classic(files: Files, file: int, path: Path) -> None:
    """netCDF-3 by libnetcdf; it takes values in this machine's byte order."""
    with netCDF4.Dataset(path, "w", format=files.kind) as out:
        out.setncatts(files.attributes)
        for dim in DIMS:
            if any(dim in array.dims for array in files.arrays):
                out.createDimension(dim, files.lengths[file] if dim == "t" else files.sizes[dim])
        for array in files.arrays:
            native = array.type.newbyteorder("=")
            variable = out.createVariable(array.path, native, array.dims, fill_value=array.declared)
            variable.set_auto_maskandscale(False)
            variable.set_auto_chartostring(False)
            variable[...] = values_of(files, array, file).astype(native)
            variable.setncatts(array.attributes)

