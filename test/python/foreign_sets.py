"""Parquet sets as kerchunk and VirtualiZarr write them, and what xarray reads in those that kstream made of them.

foreign_sets.py make DIR    two NetCDF files (DIR/a.nc, DIR/b.nc) and the sets of one and of both (DIR/<writer>-<what>.parq)
foreign_sets.py check DIR   compares DIR/<writer>-<what>.again.parq with the files themselves, in xarray
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr

warnings.filterwarnings("ignore")
RECORD_SIZES = (1, 7, 100, 10_000)
OPTIONS = {"storage_options": {"remote_protocol": "file"}}


def write_file(path: Path, start: int) -> None:
    """8 steps; of 8 chunks of `temp` 3 are there, and it has the attribute _FillValue; `count` has none."""
    with netCDF4.Dataset(path, "w") as file:
        file.title = "é"
        file.createDimension("time", None)
        file.createDimension("x", 6)
        time = file.createVariable("time", "f8", ("time",), chunksizes=(4,))
        time.units = "days since 2000-01-01"
        time[:] = np.arange(start, start + 8)
        temp = file.createVariable(
            "temp", "f4", ("time", "x"), chunksizes=(2, 3), zlib=True, shuffle=True, fill_value=-999.0
        )
        temp[2:4, 0:3] = np.arange(6).reshape(2, 3) + start
        temp[6:8, :] = np.arange(12).reshape(2, 6)
        count = file.createVariable("count", "i2", ("time", "x"), chunksizes=(4, 6))
        count[:] = np.arange(48).reshape(8, 6) - 5


def kerchunk_sets(root: Path, files: list[Path]) -> None:
    from kerchunk.combine import MultiZarrToZarr
    from kerchunk.df import refs_to_dataframe
    from kerchunk.hdf import SingleHdf5ToZarr

    single = [SingleHdf5ToZarr(str(file), inline_threshold=40).translate() for file in files]
    refs_to_dataframe(single[0], str(root / "kerchunk-one.parq"), record_size=3)
    for size in RECORD_SIZES:
        refs_to_dataframe(single[0], str(root / f"kerchunk-one-{size}.parq"), record_size=size)
    both = MultiZarrToZarr(single, concat_dims=["time"], remote_protocol="file", inline_threshold=0)
    refs_to_dataframe(both.translate(), str(root / "kerchunk-both.parq"), record_size=5)


def virtualizarr_sets(root: Path, files: list[Path]) -> None:
    import virtualizarr
    from obstore.store import LocalStore
    from virtualizarr.parsers import HDFParser
    from virtualizarr.registry import ObjectStoreRegistry

    registry = ObjectStoreRegistry({"file://": LocalStore()})
    single = [
        virtualizarr.open_virtual_dataset(
            f"file://{file}", registry=registry, parser=HDFParser(), loadable_variables=[]
        )
        for file in files
    ]
    single[0].vz.to_kerchunk(str(root / "virtualizarr-one.parq"), format="parquet", record_size=3)
    for size in RECORD_SIZES:
        found = root / f"virtualizarr-one-{size}.parq"
        single[0].vz.to_kerchunk(str(found), format="parquet", record_size=size, categorical_threshold=size % 2)
    both = xr.concat(
        single, dim="time", coords="minimal", data_vars="minimal", compat="override", join="override"
    )
    both.vz.to_kerchunk(str(root / "virtualizarr-both.parq"), format="parquet", record_size=5)


def make(root: Path) -> None:
    files = [root / "a.nc", root / "b.nc"]
    for start, file in zip((0, 8), files, strict=True):
        write_file(file, start)
    kerchunk_sets(root, files)
    try:
        import virtualizarr  # noqa: F401
    except ImportError:
        return
    virtualizarr_sets(root, files)


def check(root: Path) -> None:
    """
    As they are stored, values are those of the files; decoded, those of the set that kstream read: but for `temp`, whose
    missing chunks fsspec and pandas 3 cannot read in it.
    """
    for again in sorted(root.glob("*.again.parq")):
        files = [root / "a.nc", root / "b.nc"][: 2 if "both" in again.name else 1]
        raw, decoded = (
            xr.concat([xr.open_dataset(file, engine="netcdf4", **how) for file in files], dim="time")
            for how in (RAW, {})
        )
        foreign = opened(again.with_name(again.name.replace(".again", "")))
        compare(again.name, opened(again, **RAW), raw)
        compare(again.name, opened(again).drop_vars("temp"), foreign.drop_vars("temp"))
        compare(again.name, opened(again)[["temp"]].drop_vars("time"), decoded[["temp"]].drop_vars("time"))
        print(f"{again.name} reads right")


RAW = {"mask_and_scale": False, "decode_times": False}


def opened(path: Path, **how: bool) -> xr.Dataset:
    return xr.open_dataset(str(path), engine="kerchunk", backend_kwargs=OPTIONS, **how)


def compare(where: str, found: xr.Dataset, expected: xr.Dataset) -> None:
    assert set(found.variables) == set(expected.variables), where
    for name in expected.variables:
        np.testing.assert_array_equal(found[name].values, expected[name].values, f"{where} {name}")
        assert found[name].dtype == expected[name].dtype, (where, name, found[name].dtype)


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
