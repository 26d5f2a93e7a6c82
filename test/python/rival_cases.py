"""The cases of rivals.py: what differs between files, the truth, and how each tool is called for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rival_files import (
    LATITUDES,
    Truth,
    absent_truth,
    axis_truth,
    codecs,
    dates,
    fill_truth,
    overlap_truth,
    overlapping,
    plain,
    scale_truth,
    scaled,
    truth,
    two,
    with_fill,
    write,
)

Reading = tuple[str, Truth]


@dataclass(frozen=True)
class Call:
    """One way to call a tool: how the table names it, how it combines, and its options."""

    label: str = ""
    way: str = "join"
    options: Any = None


# VirtualiZarr's guide has both; where they end alike, the table tells it once.
BOTH = (Call("`xr.concat`"), Call("`combine_by_coords`", way="by coordinates"))


@dataclass(frozen=True)
class Case:
    """A difference between files."""

    key: str
    what: str
    write: Callable[[Path], list[Path]]
    # The values that are right; None where the files contradict each other and only a refusal is.
    right: Truth | None
    # A pattern: an error that matches it speaks of the difference.
    topic: str
    # What kstream must do, call by call: refuses or right.
    expected: tuple[str, ...] = ("refuses",)
    # The kind of the barrier that kstream's plan must name first.
    barrier: str = ""
    # Other results that can be told in words, tried in order.
    readings: tuple[Reading, ...] = ()
    # What a result that is right leaves unsaid, rivals only.
    unsaid: str = ""
    # The files fit together; the way of joining them is what the row is about.
    fits: bool = False
    kstream: tuple[Call, ...] = (Call(),)
    kerchunk: tuple[Call, ...] = (Call(),)
    virtualizarr: tuple[Call, ...] = BOTH


THREE = (range(2), range(2, 4), range(4, 6))
ZLIB = {"compression": "zlib"}
IN_PARTS = (
    Call("1st and 2nd first", way="parts", options=(0, 1, 2)),
    Call("1st and 3rd first", way="parts", options=(0, 2, 1)),
)
APPENDED = (Call(way="append"),)
COPIED = (Call(), Call("`--on-mismatch copy`", options=["--on-mismatch", "copy"]))
SPLIT = (*COPIED, Call("`--split-chunks time=1`", options=["--split-chunks", "time=1"]))
BUILT_ANEW = (Call("has no append to Parquet; built anew"),)

CASES = (
    Case(
        "ragged",
        "a file in the middle ends within a chunk",
        lambda folder: plain(folder, range(4), range(4, 7), range(7, 11), steps_a_chunk=2),
        truth(range(11)),
        "chunk",
        ("refuses", "right", "right"),
        kstream=SPLIT,
        barrier="partial-chunk",
    ),
    Case(
        "chunks",
        "chunk shape",
        two(steps_a_chunk=2),
        truth(range(4)),
        "chunk",
        ("refuses", "right", "right"),
        kstream=SPLIT,
        barrier="chunk-shape",
    ),
    Case(
        "shuffle",
        "codecs: shuffle before deflate in one file only",
        codecs({**ZLIB, "shuffle": True}, {**ZLIB, "shuffle": False}),
        truth(range(4)),
        "codec",
        ("refuses", "right"),
        kstream=COPIED,
        barrier="codecs",
    ),
    Case(
        "gzip",
        "codecs: one file compressed, the other not",
        codecs({**ZLIB, "shuffle": False}, {}),
        truth(range(4)),
        "codec",
        ("refuses", "right"),
        kstream=COPIED,
        barrier="codecs",
    ),
    Case(
        "dtype",
        "data type: float32, float64",
        two(type_="f8"),
        truth(range(4)),
        "data type|dtype",
        barrier="data-type",
    ),
    Case("endian", "byte order", two(endian="big"), truth(range(4)), "data type|codec", barrier="data-type"),
    Case(
        "scale",
        "`scale_factor` and `add_offset`",
        scaled,
        scale_truth(),
        "scale_factor",
        barrier="attribute",
    ),
    Case("fill", "`_FillValue`", with_fill, fill_truth(), "_?fill.?value", barrier="attribute"),
    Case(
        "units",
        "units of time: days since another day",
        two(times=[0, 1], units="days since 2000-01-03"),
        truth(range(4)),
        "units",
        ("right",),
        kerchunk=(Call("`data:time`"), Call("`cf:time`", options={"coo_map": {"time": "cf:time"}})),
        virtualizarr=(Call(), Call("`decode_times=False`", options={"decode_times": False})),
    ),
    Case(
        "calendar",
        "calendar: standard, noleap",
        lambda folder: [
            write(folder / "a.nc", [57, 58]),
            write(folder / "b.nc", [59, 60], calendar="noleap"),
        ],
        {**truth([57, 58, 59, 60]), "time": dates([57, 58, 60, 61])},
        "calendar",
        readings=(("the second file's dates are a day off", truth([57, 58, 59, 60])),),
        kerchunk=(Call("`data:time`"), Call("`cf:time`", options={"coo_map": {"time": "cf:time"}})),
        barrier="attribute",
    ),
    Case(
        "latitude",
        "values of a coordinate that should be the same (lat)",
        two(latitudes=LATITUDES + 0.5),
        None,
        "lat",
        readings=(("the first file's lat for all", truth(range(4))),),
        barrier="values",
    ),
    Case(
        "overlap",
        "a day that is in two files, with other values",
        overlapping,
        None,
        "overlap|duplicate|twice|monotonic",
        readings=(
            ("the last file's values for that day", overlap_truth(2, 2)),
            ("the first file's values for that day", overlap_truth(3, 3)),
            ("both kept, time reads 0, 1, 2, 2, 3, 4", overlap_truth(3, 2)),
        ),
        barrier="overlap",
    ),
    Case(
        "twice",
        "nothing: one file is named twice",
        lambda folder: [*plain(folder, range(2)), folder / "a.nc"],
        truth(range(2)),
        "twice|duplicate|same|overlap|to order",
        readings=(("every day twice, time reads 0, 1, 0, 1", truth([0, 1, 0, 1])),),
        barrier="duplicate",
    ),
    Case(
        "gap",
        "days 3 and 4 are in no file",
        lambda folder: plain(folder, range(3), range(5, 8)),
        truth([0, 1, 2, 5, 6, 7]),
        "gap|missing|step",
        ("refuses", "right"),
        unsaid="the gap",
        kstream=(Call(), Call("`--allow-gaps`", options=["--allow-gaps"])),
        barrier="gap",
    ),
    Case(
        "absent",
        "a variable that one file lacks",
        lambda folder: [write(folder / "a.nc", [0, 1], extra="w"), write(folder / "b.nc", [2, 3])],
        absent_truth(),
        r"variable|\bw\b",
        barrier="variable",
    ),
    Case(
        "order",
        "files named in another order",
        lambda folder: plain(folder, *THREE)[::-1],
        truth(range(6)),
        "order",
        ("right",),
        fits=True,
        virtualizarr=BOTH[1:],
    ),
    Case(
        "parts",
        "in parts: two files first, then the third",
        lambda folder: plain(folder, *THREE),
        truth(range(6)),
        "order|monotonic|overlap",
        ("right", "refuses"),
        fits=True,
        kstream=IN_PARTS,
        kerchunk=IN_PARTS,
        virtualizarr=IN_PARTS,
    ),
    Case(
        "stream",
        "references streamed into Parquet",
        lambda folder: plain(folder, *THREE),
        truth(range(6)),
        "Parquet",
        ("right",),
        fits=True,
        kerchunk=(Call("`out=LazyReferenceMapper`", way="stream"),),
        virtualizarr=(Call("all in memory first"),),
    ),
    Case(
        "axis",
        "along an axis that is not the first",
        lambda folder: plain(folder, *THREE, dims=("lat", "time", "x"), rows_a_chunk=2),
        axis_truth(),
        "axis",
        ("right",),
        fits=True,
    ),
    Case(
        "append",
        "the last file appended to a Parquet set",
        lambda folder: plain(folder, *THREE),
        truth(range(6)),
        "append",
        ("right",),
        fits=True,
        kstream=APPENDED,
        kerchunk=APPENDED,
        virtualizarr=BUILT_ANEW,
    ),
    Case(
        "append-axis",
        "the same, along an axis that is not the first",
        lambda folder: plain(folder, *THREE, dims=("lat", "time", "x"), rows_a_chunk=2),
        axis_truth(),
        "axis",
        fits=True,
        kstream=APPENDED,
        kerchunk=APPENDED,
        virtualizarr=BUILT_ANEW,
    ),
)
