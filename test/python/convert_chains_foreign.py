"""Sets of kerchunk and VirtualiZarr, where these can make one of a file that can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def kerchunk_references(path: Path, is_classic: bool, inline: int) -> dict[str, Any]:
    """As kerchunk translates a file."""
    from kerchunk.hdf import SingleHdf5ToZarr
    from kerchunk.netCDF3 import NetCDF3ToZarr

    translator = NetCDF3ToZarr if is_classic else SingleHdf5ToZarr
    return translator(str(path), inline_threshold=inline).translate()


def virtualizarr_references(path: Path) -> dict[str, Any]:
    """As VirtualiZarr does; it has no netCDF-3 without kerchunk."""
    import virtualizarr
    from obstore.store import LocalStore
    from virtualizarr.parsers import HDFParser
    from virtualizarr.registry import ObjectStoreRegistry

    registry = ObjectStoreRegistry({"file://": LocalStore()})
    dataset = virtualizarr.open_virtual_dataset(
        f"file://{path}", registry=registry, parser=HDFParser(), loadable_variables=[]
    )
    return dataset.vz.to_kerchunk(format="dict")


def foreign_set(producer: str, path: Path, is_classic: bool, inline: int) -> Path:
    """A document beside the file. Raises where there is none."""
    if producer == "kerchunk":
        references = kerchunk_references(path, is_classic, inline)
    else:
        references = virtualizarr_references(path)
    target = path.with_suffix(f".{producer}.json")
    target.write_text(json.dumps(references))
    return target
