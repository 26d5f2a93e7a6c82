"""Small netCDF-4 files that differ in one respect, and what anyone should read from them joined, in numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

ROWS, COLUMNS = 4, 100
LATITUDES = np.array([-60.0, -20.0, 20.0, 60.0])
EPOCH = np.datetime64("2000-01-01", "ns")
UNITS = "days since 2000-01-01"

Truth = dict[str, np.ndarray]


def dates(days: Sequence[int]) -> np.ndarray:
    """Days since the epoch as dates."""
    return EPOCH + np.array(days) * np.timedelta64(1, "D").astype("m8[ns]")


def field(days: Sequence[int], seed: int = 0) -> np.ndarray:
    """Whole numbers below 10007, (day, y, x), in no pattern that compresses well."""
    t, y, x = np.meshgrid(np.array(days), np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    mixed = (t + 1 + 31 * seed) * 7919 + y * 104729 + x * 1299709
    return (mixed * (mixed % 1009 + 1)) % 10007


def truth(days: Sequence[int], seed: int = 0) -> Truth:
    """What is to be read where the files hold `field` of these days."""
    return {"time": dates(days), "v": field(days, seed).astype("f8"), "lat": LATITUDES}


def write(
    path: Path,
    days: Sequence[int],
    *,
    values: np.ndarray | None = None,
    units: str = UNITS,
    calendar: str = "standard",
    times: Sequence[float] | None = None,
    latitudes: np.ndarray = LATITUDES,
    steps_a_chunk: int = 1,
    rows_a_chunk: int = ROWS,
    type_: str = "f4",
    dims: tuple[str, ...] = ("time", "lat", "x"),
    attributes: dict[str, Any] | None = None,
    extra: str | None = None,
    **storage: Any,
) -> Path:
    """One file; `values` are as stored, `times` as written in `units` (the days), `extra` names a second variable."""
    data = field(days) if values is None else values
    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        file.set_auto_maskandscale(False)
        for name, size in (("time", None), ("lat", ROWS), ("x", COLUMNS)):
            file.createDimension(name, size)
        time = file.createVariable("time", "f8", ("time",), chunksizes=(512,))
        time.setncatts({"units": units, "calendar": calendar})
        time[:] = list(days) if times is None else list(times)
        lat = file.createVariable("lat", "f8", ("lat",))
        lat.setncatts({"units": "degrees_north"})
        lat[:] = latitudes
        sizes = {"time": steps_a_chunk, "lat": rows_a_chunk, "x": COLUMNS}
        for name in filter(None, ("v", extra)):
            shape = tuple(sizes[dim] for dim in dims)
            variable = file.createVariable(name, type_, dims, chunksizes=shape, **storage)
            variable.set_auto_maskandscale(False)
            variable.setncatts(attributes or {})
            variable[:] = np.moveaxis(data, 0, dims.index("time")).astype(type_)
    return path


def plain(folder: Path, *groups: range | tuple[int, ...], **options: Any) -> list[Path]:
    """Files a.nc, b.nc, ... of these days, all alike."""
    return [write(folder / f"{chr(97 + i)}.nc", list(days), **options) for i, days in enumerate(groups)]


def two(**second: Any) -> Callable[[Path], list[Path]]:
    """Days 0 and 1, then days 2 and 3 with these options."""
    return lambda folder: [write(folder / "a.nc", [0, 1]), write(folder / "b.nc", [2, 3], **second)]


def codecs(first: dict[str, Any], second: dict[str, Any]) -> Callable[[Path], list[Path]]:
    """The same values, compressed in two ways."""
    return lambda folder: [
        write(folder / "a.nc", [0, 1], **first),
        write(folder / "b.nc", [2, 3], **second),
    ]


def scaled(folder: Path) -> list[Path]:
    """Packed integers, the second file with another scale and offset."""
    pack = [{"scale_factor": 0.5, "add_offset": 0.0}, {"scale_factor": 0.25, "add_offset": 100.0}]
    return [
        write(folder / f"{name}.nc", days, type_="i2", attributes=attributes)
        for name, days, attributes in zip("ab", ([0, 1], [2, 3]), pack, strict=True)
    ]


def with_fill(folder: Path) -> list[Path]:
    """Missing values marked by -1 in one file, by -9 in the other; both numbers occur as values in the other file."""
    first, second = field([0, 1]), field([2, 3])
    first[:, 0, 0], first[:, 0, 1] = -1, -9
    second[:, 0, 0], second[:, 0, 1] = -1, -9
    return [
        write(folder / "a.nc", [0, 1], values=first, fill_value=-1.0),
        write(folder / "b.nc", [2, 3], values=second, fill_value=-9.0),
    ]


def fill_truth() -> Truth:
    """Each file by its own fill value."""
    result = truth([0, 1, 2, 3])
    result["v"][:, 0, 0], result["v"][:, 0, 1] = -1, -9
    result["v"][:2, 0, 0] = result["v"][2:, 0, 1] = np.nan
    return result


def scale_truth() -> Truth:
    """Each file by its own scale."""
    result = truth([0, 1, 2, 3])
    result["v"] = np.concatenate([result["v"][:2] * 0.5, result["v"][2:] * 0.25 + 100.0])
    return result


def absent_truth() -> Truth:
    """The second variable is missing, so NaN, where its file lacks it."""
    result = truth([0, 1, 2, 3])
    return {**result, "w": np.concatenate([result["v"][:2], np.full_like(result["v"][2:], np.nan)])}


def overlapping(folder: Path) -> list[Path]:
    """Day 2 in both files, with other values (a forecast and its correction, say)."""
    return [
        write(folder / "a.nc", [0, 1, 2]),
        write(folder / "b.nc", [2, 3, 4], values=field([2, 3, 4], seed=1)),
    ]


def overlap_truth(first: int, second: int) -> Truth:
    """Days of the first file below `first`, and of the second from `second` on."""
    one, other = list(range(first)), list(range(second, 5))
    result = truth(one + other)
    result["v"][len(one) :] = field(other, seed=1)
    return result


def axis_truth() -> Truth:
    """Six days, time being the second axis of v."""
    result = truth(range(6))
    return {**result, "v": np.moveaxis(result["v"], 0, 1)}
