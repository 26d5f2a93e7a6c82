"""Writes netCDF classic files of every version: types, records, fills, texts, and headers patched by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import netCDF4
import numpy as np

FORMATS = {"cdf1": "NETCDF3_CLASSIC", "cdf2": "NETCDF3_64BIT_OFFSET", "cdf5": "NETCDF3_64BIT_DATA"}
CLASSIC = ("i1", "S1", "i2", "i4", "f4", "f8")
MODERN = ("u1", "u2", "u4", "i8", "u8")
KINDS = {"fixed": ("x", "y"), "record": ("time", "y"), "line": ("time",), "scalar": ()}
RANDOM = np.random.default_rng(3)


def types_of(version: str) -> tuple[str, ...]:
    """The types a version has."""
    return CLASSIC + MODERN if version == "cdf5" else CLASSIC


def values(kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """Random values over the whole range of a type."""
    if kind == "S1":
        return RANDOM.integers(97, 123, shape, "u1").view("S1")
    if kind[0] == "f":
        return (RANDOM.normal(size=shape) * 1e3).astype(kind)
    info = np.iinfo(kind)
    return RANDOM.integers(info.min, info.max, shape, kind, endpoint=True)


def every_type(file: netCDF4.Dataset, version: str) -> None:
    """Each type as fixed, record and scalar variable, and as attribute of each length."""
    file.createDimension("time", None)
    file.createDimension("x", 5)
    file.createDimension("y", 3)
    shapes: dict[str, tuple[int, ...]] = {}
    for kind in types_of(version):
        for name, dims in KINDS.items():
            variable = file.createVariable(f"{name}_{kind}", kind, dims)
            shapes[variable.name] = tuple({"time": 4, "x": 5, "y": 3}[dim] for dim in dims)
            if kind != "S1":
                for length in (0, 1, 2, 7):
                    variable.setncattr(f"a{length}", values(kind, (length,)))
    for name, shape in shapes.items():
        variable = file[name]
        variable.set_auto_maskandscale(False)
        found = values(variable.dtype.str.strip("<>|="), shape or (1,))
        variable[...] = found if shape else found[0]


def odd_records(file: netCDF4.Dataset, _version: str) -> None:
    """Variables of odd sizes; few, as libnetcdf may leave bytes behind the last record where a header is long."""
    file.createDimension("time", None)
    file.createDimension("x", 3)
    for kind in ("i1", "f8", "S1", "i2"):
        file.createVariable(f"record_{kind}", kind, ("time", "x"))
    file.createVariable("fixed", "i4", ("x",))
    for name, variable in file.variables.items():
        variable.set_auto_maskandscale(False)
        variable[:] = values("i4", (3,)) if name == "fixed" else values(name[-2:], (7, 3))


def fills(file: netCDF4.Dataset, version: str) -> None:
    """Values never written, with the default fill value, an own one, none; a missing_value of another type."""
    file.createDimension("time", None)
    file.createDimension("x", 6)
    for kind in types_of(version):
        own = b"_" if kind == "S1" else np.array(7, kind)
        for name, fill in (("default", None), ("own", own), ("unfilled", False)):
            variable = file.createVariable(f"{name}_{kind}", kind, ("time", "x"), fill_value=fill)
            variable.set_auto_maskandscale(False)
            variable[2, 1:3] = values(kind, (2,))
    odd = file.createVariable("odd_missing", "i2", ("x",))
    odd.setncattr("missing_value", np.float32(-32767.5))
    odd[:] = np.arange(6)
    zero = file.createVariable("zero_fill", "f4", ("x",), fill_value=0.0)
    zero[:] = [0, 1, 2, 0, 4, 5]
    scaled = file.createVariable("scaled", "i2", ("x",), fill_value=np.int16(-9))
    scaled.scale_factor, scaled.add_offset = 0.5, 10.0
    scaled[:] = np.ma.masked_equal([10, 11, 12, 13, 14, 15], 13)
    unsigned = file.createVariable("unsigned", "i1", ("x",))
    unsigned.setncattr("_Unsigned", "true")
    unsigned.set_auto_maskandscale(False)
    unsigned[:] = np.array([-128, -1, 0, 1, 2, 127], "i1")


def texts(file: netCDF4.Dataset, _version: str) -> None:
    """Characters as strings, names and attributes beyond ASCII, times, one dimension twice."""
    file.title = "Größe – 気温\nsecond line"
    file.empty = ""
    for name, length in {"zeit": None, "länge": 4, "nv": 2, "strlen": 8}.items():
        file.createDimension(name, length)
    stations = file.createVariable("station", "S1", ("länge", "strlen"))
    stations[:] = netCDF4.stringtochar(np.array(["Bergen", "Zürich", "", "京都"]), encoding="utf-8")[:, :8]
    encoded = file.createVariable("encoded", "S1", ("länge", "strlen"))
    encoded.setncattr("_Encoding", "utf-8")
    encoded[:] = np.array(["one", "zwölf", "", "four"])
    time = file.createVariable("zeit", "i4", ("zeit",))
    time.units, time.calendar, time.bounds = "days since 2001-01-01", "noleap", "zeit_bnds"
    time[:] = [3, 60, 400]
    bounds = file.createVariable("zeit_bnds", "f8", ("zeit", "nv"))
    bounds[:] = np.arange(6).reshape(3, 2)
    file.createVariable("cov", "f4", ("länge", "länge"))[:] = values("f4", (4, 4))
    file.createVariable("名前 with blanks.and-signs@+", "f8", ("länge",))[:] = values("f8", (4,))
    file.createVariable("nv", "f8", ("zeit",))[:] = [1, 2, 3]
    letter = file.createVariable("letter", "S1", ())
    letter[...] = b"q"


def no_records(file: netCDF4.Dataset, version: str) -> None:
    """The record dimension is empty."""
    file.createDimension("time", None)
    file.createDimension("x", 5)
    for kind in types_of(version):
        file.createVariable(f"record_{kind}", kind, ("time", "x"))
    file.createVariable("time", "f8", ("time",)).units = "days since 2001-01-01"
    file.createVariable("fixed", "f4", ("x",))[:] = values("f4", (5,))


def nothing(_file: netCDF4.Dataset, _version: str) -> None:
    """An empty file."""


def many(file: netCDF4.Dataset, _version: str) -> None:
    """More than a thousand variables."""
    file.createDimension("time", None)
    file.createDimension("x", 3)
    for number in range(1200):
        record = number % 2 == 0
        variable = file.createVariable(f"v{number}", "i2", ("time", "x") if record else ("x",))
        variable.long_name = f"the variable number {number}"
        variable[:] = values("i2", (2, 3)) if record else values("i2", (3,))


def large(file: netCDF4.Dataset, _version: str) -> None:
    """Split at the scan: evenly, with a partial last piece, not at all; long records."""
    for name, length in {"time": None, "even": 1200, "prime": 1031, "row": 1024}.items():
        file.createDimension(name, length)
    file.createVariable("even", "f8", ("even", "row"))[:] = values("f8", (1200, 1024))
    file.createVariable("prime", "f8", ("prime", "row"))[:] = values("f8", (1031, 1024))
    file.createVariable("small", "i1", ("time",))[:] = values("i1", (2,))
    file.createVariable("records", "f4", ("time", "even", "row"))[:] = values("f4", (2, 1200, 1024))


def large_alone(file: netCDF4.Dataset, _version: str) -> None:
    """One record variable to the end of the file, in a number of records that nothing divides."""
    file.createDimension("time", None)
    file.createDimension("row", 1021)
    file.createVariable("alone", "f4", ("time", "row"))[:] = values("f4", (2053, 1021))


WRITERS = (every_type, odd_records, fills, texts, no_records, nothing, many, large, large_alone)


def alone(folder: Path, version: str) -> None:
    """One record variable of an odd size each: no padding between its records."""
    for kind in types_of(version):
        for width in (1, 3):
            path = folder / f"alone_{kind}_{width}_{version}.nc"
            with netCDF4.Dataset(path, "w", format=FORMATS[version]) as file:
                file.createDimension("time", None)
                file.createDimension("x", width)
                file.createVariable("fixed", "i2", ("x",))[:] = values("i2", (width,))
                variable = file.createVariable("alone", kind, ("time", "x"))
                variable.set_auto_maskandscale(False)
                variable[:] = values(kind, (11, width))


def patch(source: Path, target: Path, changes: dict[int, bytes], cut: int = 0) -> Path:
    """A copy with bytes replaced, without its last `cut` bytes."""
    data = bytearray(source.read_bytes())
    for at, new in changes.items():
        data[at : at + len(new)] = new
    target.write_bytes(data[: len(data) - cut])
    return target


def patched(folder: Path, version: str) -> set[Path]:
    """Headers that libnetcdf never writes; returns those whose values go on past the end of the file."""
    whole = folder / f"odd_records_{version}.nc"
    width = 8 if version == "cdf5" else 4
    fewer = (2).to_bytes(width, "big")
    more = (9).to_bytes(width, "big")
    patch(whole, folder / f"fewer_records_{version}.nc", {4: fewer})
    return {
        patch(whole, folder / f"more_records_{version}.nc", {4: more}),
        patch(whole, folder / f"cut_{version}.nc", {}, cut=37),
    }


def streamed(folder: Path, target: Path) -> dict[Path, Path]:
    """Files that leave the number of their records open (libnetcdf cannot read those), by what they are a copy of."""
    copies = {}
    names = ("odd_records_*.nc", "alone_*.nc", "no_records_*.nc")
    for whole in sorted(path for name in names for path in folder.glob(name)):
        width = 8 if whole.read_bytes()[3] == 5 else 4
        copies[whole] = patch(whole, target / whole.name, {4: b"\xff" * width})
    return copies


def write_all(folder: Path) -> set[Path]:
    """Everything; returns the files whose values go on past their end."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    truncated: set[Path] = set()
    for version, name in FORMATS.items():
        for write in WRITERS:
            with netCDF4.Dataset(folder / f"{write.__name__}_{version}.nc", "w", format=name) as file:
                write(file, version)
        alone(folder, version)
        truncated |= patched(folder, version)
    return truncated
