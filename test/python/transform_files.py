"""Writes the files of a case with h5py, netCDF4 or scipy, and says what numpy holds of them."""

from __future__ import annotations

import itertools
import math
import zlib
from pathlib import Path

import h5py
import netCDF4
import numpy as np
from scipy.io import netcdf_file
from transform_arrays import DIMS, Array, Case

NOT_A_VARIABLE = "This is a netCDF dimension but not a netCDF variable"


def values_of(case: Case, array: Array, file: int) -> np.ndarray:
    """What a file is given of an array; what does not grow along t is the same in all of them."""
    grows = "t" in array.dims
    shape = case.shape(array, file)
    if array.name == "t":
        start = sum(case.lengths[:file])
        return np.arange(start, start + shape[0]).astype(array.dtype)
    if array.dims == (array.name,):
        return np.arange(shape[0]).astype(array.dtype)
    rng = np.random.default_rng([case.seed, zlib.crc32(array.name.encode()), file if grows else 0])
    values = random_values(rng, np.dtype(array.dtype), shape)
    return with_missing(array, array.chunks_in(file), values)


def random_values(rng: np.random.Generator, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """Any values of the type; no NaN but the usual one, as JavaScript may change the others."""
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        native = rng.integers(limits.min, limits.max, shape, dtype=dtype.newbyteorder("="), endpoint=True)
        return np.asarray(native).astype(dtype)
    if dtype.kind == "S":
        letters = rng.integers(65, 91, (*shape, dtype.itemsize), dtype=np.uint8)
        # Shorter ones too, which end in zeros.
        keep = np.arange(dtype.itemsize) < rng.integers(1, dtype.itemsize + 1, shape)[..., None]
        return np.frombuffer(np.where(keep, letters, 0).astype(np.uint8).tobytes(), dtype).reshape(shape)
    values = rng.standard_normal(shape) * 100
    special = rng.choice([np.nan, np.inf, -np.inf, -0.0], shape)
    return np.asarray(np.where(rng.random(shape) < 0.1, special, values)).astype(dtype)


def fill_of(dtype: np.dtype) -> np.generic | None:
    """The fill value of arrays with missing chunks; HDF5's own zero where there is none."""
    if dtype.kind not in "iuf":
        return None
    return np.array(77, dtype)[()]


def regions(shape: tuple[int, ...], chunks: tuple[int, ...]) -> list[tuple[slice, ...]]:
    """Every chunk of a grid."""
    starts = [range(0, n, c) for n, c in zip(shape, chunks, strict=True)]
    return [
        tuple(slice(s, s + c) for s, c in zip(at, chunks, strict=True)) for at in itertools.product(*starts)
    ]


def is_written(number: int) -> bool:
    """Which chunks of an array with missing ones are there."""
    return number % 3 != 1


def with_missing(array: Array, chunks: tuple[int, ...] | None, values: np.ndarray) -> np.ndarray:
    """The values with the fill value where no chunk is."""
    if array.layout == "unwritten":
        return np.zeros_like(values)
    if not array.missing or chunks is None:
        return values
    fill = fill_of(values.dtype)
    filled = np.zeros_like(values) if fill is None else np.full_like(values, fill)
    for number, region in enumerate(regions(values.shape, chunks)):
        if is_written(number):
            filled[region] = values[region]
    return filled


def write_files(case: Case, folder: Path) -> list[Path]:
    """The files of a case, in the order of t."""
    paths = []
    for file in range(len(case.lengths)):
        path = folder / f"{file}.nc"
        if case.is_hdf5:
            write_hdf5(case, file, path)
        elif case.kind.startswith("scipy"):
            write_scipy(case, file, path)
        else:
            write_netcdf(case, file, path)
        paths.append(path)
    return paths


def used_dims(case: Case) -> list[str]:
    """The dimensions of all arrays; scipy wants the one that grows first."""
    used = {dim for array in case.arrays for dim in array.dims}
    return [dim for dim in DIMS if dim in used]


def write_hdf5(case: Case, file: int, path: Path) -> None:
    """netCDF-4 as h5py writes it: a dimension is a scale, and one without a variable says so."""
    with h5py.File(path, "w", libver=case.kind) as out:
        nodes = {array.name: write_dataset(out, case, array, file) for array in case.arrays}
        for dim in used_dims(case):
            if dim in nodes:
                nodes[dim].make_scale(dim)
                continue
            size = case.size(dim, file)
            limit = {"maxshape": (None,), "chunks": (8,)} if dim == "t" and case.unlimited else {}
            nodes[dim] = out.create_dataset(dim, shape=(size,), dtype=">f4", **limit)
            nodes[dim].make_scale(f"{NOT_A_VARIABLE}{size:10d}")
        for array in case.arrays:
            for axis, dim in enumerate(array.dims):
                if dim != array.name:
                    nodes[array.name].dims[axis].attach_scale(nodes[dim])


def write_dataset(out: h5py.File, case: Case, array: Array, file: int) -> h5py.Dataset:
    """One array, in its layout."""
    values = values_of(case, array, file)
    if array.layout == "unwritten":
        return out.create_dataset(array.name, shape=values.shape, dtype=values.dtype)
    chunks = array.chunks_in(file)
    if chunks is None:
        return out.create_dataset(array.name, data=values)
    layout = "gzip" if chunks is array.odd else array.layout
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if layout == "early":
        properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    maximum = tuple(None if dim == "t" and case.unlimited else case.sizes.get(dim) for dim in array.dims)
    if "t" in array.dims and not case.unlimited:
        maximum = values.shape
    options = {"gzip": {"compression": 4, "shuffle": True}, "fletcher32": {"fletcher32": True}}
    node = out.create_dataset(
        array.name,
        shape=values.shape,
        dtype=values.dtype,
        chunks=chunks,
        maxshape=maximum,
        fillvalue=fill_of(values.dtype) if array.missing else None,
        dcpl=properties,
        **options.get(layout, {}),
    )
    for number, region in enumerate(regions(values.shape, chunks)):
        if is_written(number) or not array.missing:
            node[region] = values[region]
    return node


def write_netcdf(case: Case, file: int, path: Path) -> None:
    """netCDF-3 by libnetcdf; it takes values in this machine's byte order."""
    with netCDF4.Dataset(path, "w", format=case.kind) as out:
        for dim in used_dims(case):
            grows = dim == "t" and case.unlimited
            out.createDimension(dim, None if grows else case.size(dim, file))
        for array in case.arrays:
            values = values_of(case, array, file)
            variable = out.createVariable(array.name, values.dtype.newbyteorder("="), array.dims)
            variable.set_auto_maskandscale(False)
            variable.set_auto_chartostring(False)
            if values.size:
                variable[...] = values.astype(values.dtype.newbyteorder("="))


def write_scipy(case: Case, file: int, path: Path) -> None:
    """netCDF-3 by scipy's own writer."""
    with netcdf_file(path, "w", version=int(case.kind[-1])) as out:
        for dim in used_dims(case):
            out.createDimension(dim, None if dim == "t" and case.unlimited else case.size(dim, file))
        for array in case.arrays:
            values = values_of(case, array, file)
            dtype = "c" if values.dtype.kind == "S" else values.dtype
            variable = out.createVariable(array.name, dtype, array.dims)
            if array.dims == ():
                variable.data[...] = values
            elif values.size:
                variable[:] = values


def adjoining(case: Case, paths: list[Path]) -> set[str]:
    """Arrays whose bytes are one run in each file, in C order of whole chunks: any of these may be merged."""
    if not case.is_hdf5:
        records = [array.name for array in case.arrays if case.unlimited and "t" in array.dims]
        return {array.name for array in case.arrays} - set(records if len(records) > 1 else [])
    found = {array.name for array in case.arrays}
    for path in paths:
        with h5py.File(path, "r") as file:
            found = {name for name in found if is_one_run(file[name])}
    return found


def is_one_run(node: h5py.Dataset) -> bool:
    """As libhdf5 tells the addresses of chunks; all whole, so that none has bytes that belong to no element."""
    if node.chunks is None:
        return node.size > 0 and node.id.get_offset() is not None
    if any(n % c for n, c in zip(node.shape, node.chunks, strict=True)):
        return False
    size = math.prod(node.chunks) * node.dtype.itemsize
    grid = [range(0, n, c) for n, c in zip(node.shape, node.chunks, strict=True)]
    places = {
        info.chunk_offset: info.byte_offset
        for info in (node.id.get_chunk_info(number) for number in range(node.id.get_num_chunks()))
    }
    offsets = [places.get(at) for at in itertools.product(*grid)]
    first = offsets[0] if offsets else None
    return first is not None and offsets == [first + size * number for number in range(len(offsets))]
