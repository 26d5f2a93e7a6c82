"""Each tool joins files as its documentation has one do it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray
from rival_cases import Call

LIMIT = 60.0  # seconds for one tool on one case


class Refused(Exception):
    """kstream ended with exit code 1; `barriers` are those that its plan has."""

    def __init__(self, said: str, barriers: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.barriers = barriers


def run_kstream(files: list[Path], call: Call, folder: Path, command: tuple[str, ...]) -> Path:
    """`kstream build`, and where it joins files `kstream plan`, which must agree."""
    out = folder / "kstream.parq"
    build = [*command, "build", "--concat-dims", "time", "--progress", "none"]
    if call.way == "parts":
        one, other, last = (files[index] for index in call.options)
        half = folder / "half.parq"
        kstream([*build, "--allow-gaps", "-o", half, one, other])
        kstream([*build, "-o", out, half, last])
        same_as_whole(out, build, files)
    elif call.way == "append":
        try:
            kstream([*build, "-o", out, *files[:-1]])
        except Refused as problem:
            raise RuntimeError("there is no set to append to") from problem
        kstream([*build, "--append", "-o", out, files[-1]])
        same_as_whole(out, build, files)
    else:
        options = ["--concat-dims", "time", *(call.options or []), *files]
        barriers = planned([*command, "plan", "--json", *options])
        try:
            kstream([*build, *(call.options or []), "-o", out, *files])
        except Refused as problem:
            raise Refused(str(problem), barriers) from problem
        if barriers:
            raise ValueError(f"the plan has barriers that the build passes: {', '.join(barriers)}")
    return out


def planned(arguments: list[Any]) -> tuple[str, ...]:
    """The kinds of barriers that `kstream plan` finds."""
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=LIMIT)
    kinds = tuple(barrier["kind"] for barrier in json.loads(done.stdout)["barriers"])
    if done.returncode != (1 if kinds else 0):
        raise RuntimeError(f"kstream plan: {len(kinds)} barriers and exit code {done.returncode}")
    return kinds


def same_as_whole(out: Path, build: list[str], files: list[Path]) -> None:
    """However a set came about, its bytes are those of one build of all files."""
    whole = out.with_name("whole.parq")
    kstream([*build, "-o", whole, *files])
    if contents(out) != contents(whole):
        raise ValueError("other bytes than when built as a whole")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a set."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def kstream(arguments: list[Any]) -> None:
    """Runs the command; @raises Refused with its error."""
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=LIMIT)
    said = re.split(r"^kstream: ", done.stderr, maxsplit=1, flags=re.MULTILINE)[-1]
    if done.returncode == 1:
        raise Refused(said)
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode}: {said}")


def run_kerchunk(files: list[Path], call: Call, folder: Path, _: tuple[str, ...]) -> Path:
    """SingleHdf5ToZarr for each file, then MultiZarrToZarr, as in kerchunk's tutorial."""
    from kerchunk.combine import MultiZarrToZarr
    from kerchunk.df import refs_to_dataframe
    from kerchunk.hdf import SingleHdf5ToZarr

    parts = []
    for index, file in enumerate(files):
        part = folder / f"{file.stem}{index}.json"
        part.write_text(json.dumps(SingleHdf5ToZarr(str(file), f"file://{file}").translate()))
        parts.append(str(part))
    same = {"concat_dims": ["time"], "identical_dims": ["lat"], "remote_protocol": "file"}
    if call.way == "join":
        same |= call.options or {}

    def joined(inputs: list[str], name: str) -> str:
        MultiZarrToZarr(inputs, **same).translate(str(folder / name))
        return str(folder / name)

    if call.way == "parts":
        one, other, last = (parts[index] for index in call.options)
        return Path(joined([joined([one, other], "half.json"), last], "joined.json"))
    if call.way == "join":
        return Path(joined(parts, "joined.json"))
    out = folder / "joined.parq"
    if call.way == "stream":
        MultiZarrToZarr(parts, **same, out=mapper(out)).translate()
        return out
    refs_to_dataframe(joined(parts[:-1], "first.json"), str(out))
    MultiZarrToZarr.append(parts[-1:], mapper(out), **same).translate()
    return out


def mapper(out: Path) -> Any:
    """fsspec's view of a Parquet set that can be written; a new set where there is none."""
    import fsspec
    from fsspec.implementations.reference import LazyReferenceMapper

    local = fsspec.filesystem("file")
    if out.exists():
        return LazyReferenceMapper(str(out), local)
    out.mkdir()
    return LazyReferenceMapper.create(root=str(out), fs=local, record_size=1000)


def run_virtualizarr(files: list[Path], call: Call, folder: Path, _: tuple[str, ...]) -> Path:
    """open_virtual_dataset for each file, xarray.concat, to_kerchunk, as in VirtualiZarr's guide."""
    from obspec_utils.registry import ObjectStoreRegistry
    from obstore.store import LocalStore
    from virtualizarr import open_virtual_dataset
    from virtualizarr.parsers import HDFParser

    registry = ObjectStoreRegistry({"file://": LocalStore()})
    decoding = call.options or {} if call.way == "join" else {}
    opened = [
        open_virtual_dataset(f"file://{file}", registry=registry, parser=HDFParser(), **decoding)
        for file in files
    ]
    same = {"data_vars": "minimal", "coords": "minimal", "compat": "override"}
    if call.way == "by coordinates":
        result = xarray.combine_by_coords(opened, **same)
    elif call.way == "parts":
        one, other, last = (opened[index] for index in call.options)
        result = xarray.combine_by_coords([xarray.combine_by_coords([one, other], **same), last], **same)
    else:
        result = xarray.concat(opened, dim="time", **same)
    out = folder / "virtual.parq"
    result.vz.to_kerchunk(str(out), format="parquet")
    return out


Tool = Callable[[list[Path], Call, Path, tuple[str, ...]], Path]
TOOLS: dict[str, Tool] = {"kstream": run_kstream, "kerchunk": run_kerchunk, "virtualizarr": run_virtualizarr}
