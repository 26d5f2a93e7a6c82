"""Sets of kerchunk and VirtualiZarr, where these can make one of a file that can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transform_arrays import Dice


def kerchunk_set(path: Path, is_classic: bool, inline: int, shards: Path | None, record_size: int) -> dict[str, Any]:
    """As kerchunk translates a file; also as Parquet where there is a path for it."""
    from kerchunk.df import refs_to_dataframe
    from kerchunk.hdf import SingleHdf5ToZarr
    from kerchunk.netCDF3 import NetCDF3ToZarr

    translator = NetCDF3ToZarr if is_classic else SingleHdf5ToZarr
    references = translator(str(path), inline_threshold=inline).translate()
    if shards:
        refs_to_dataframe(references, str(shards), record_size=record_size)
    return references


def virtualizarr_set(path: Path, shards: Path | None, record_size: int) -> dict[str, Any]:
    """As VirtualiZarr does; it has no netCDF-3 without kerchunk."""
    import virtualizarr
    from obstore.store import LocalStore
    from virtualizarr.parsers import HDFParser
    from virtualizarr.registry import ObjectStoreRegistry

    registry = ObjectStoreRegistry({"file://": LocalStore()})
    dataset = virtualizarr.open_virtual_dataset(
        f"file://{path}", registry=registry, parser=HDFParser(), loadable_variables=[]
    )
    if shards:
        dataset.vz.to_kerchunk(str(shards), format="parquet", record_size=record_size)
    return dataset.vz.to_kerchunk(format="dict")


def foreign_set(producer: str, path: Path, is_classic: bool, dice: Dice) -> tuple[Path, Path]:
    """Where the set is that is to be converted, and the document that says the same. Raises where there is none."""
    document = path.with_suffix(f".{producer}.json")
    shards = path.with_suffix(f".{producer}.parq") if dice.chance(0.4) else None
    size, inline = dice.pick((1, 2, 7, 1000)), dice.pick((0, 30, 500))
    if producer == "kerchunk":
        references = kerchunk_set(path, is_classic, inline, shards, size)
    else:
        references = virtualizarr_set(path, shards, size)
    document.write_text(json.dumps(references))
    return shards or document, document
