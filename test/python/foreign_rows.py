"""Parquet sets of every shape that other writers give them, key by key as fsspec's LazyReferenceMapper reads them.

foreign_rows.py make DIR    sets (DIR/<how>.parq), beside each what fsspec reads in it (DIR/<how>.json), and DIR/values.json
foreign_rows.py check DIR   reads DIR/<how>.again.parq in xarray, whose values must be those of DIR/values.json
"""

from __future__ import annotations

import base64
import functools
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr
from fsspec.implementations.reference import LazyReferenceMapper
from kerchunk.df import refs_to_dataframe

warnings.filterwarnings("ignore")
RECORD_SIZES = (1, 7, 100, 10_000, 100_000, 1_000_000)
FILL = 7
STRINGS = ["a", "é", ""]
JSON2 = {"id": "json2", "encoding": "utf-8", "strict": True, "separators": [",", ":"], "indent": None}


def array(shape: list[int], chunks: list[int], dims: list[str], **other: object) -> dict[str, str]:
    zarray = {"zarr_format": 2, "shape": shape, "chunks": chunks, "dtype": "<i2", "fill_value": FILL, "order": "C"}
    zarray |= {"filters": None, "compressor": None, **other}
    return {".zarray": json.dumps(zarray), ".zattrs": json.dumps({"_ARRAY_DIMENSIONS": dims})}


def part(root: Path, values: np.ndarray) -> dict[str, object]:
    """Three files hold the chunks one behind the other; two are missing, two inlined."""
    found: dict[str, object] = {}
    for file in range(3):
        path = root / f"data {file}é.bin"
        path.write_bytes(b"head" + values[file * 10 : file * 10 + 10].tobytes())
        for row in range(10):
            found[f"{file * 10 + row}.0"] = [str(path), 4 + 8 * row, 8]
    found["9.0"] = values[9].tobytes()
    found["10.0"] = "base64:" + base64.b64encode(values[10].tobytes()).decode()
    for missing in (5, 17):
        del found[f"{missing}.0"]
        values[missing] = FILL
    return found


def whole(root: Path, values: np.ndarray) -> dict[str, object]:
    """A file a chunk; one is missing and one inlined."""
    found: dict[str, object] = {}
    for row in range(6):
        path = root / f"whole{row}.bin"
        path.write_bytes(values[row].tobytes())
        found[f"{row}.0"] = [str(path)]
    del found["2.0"]
    values[2] = FILL
    found["4.0"] = values[4].tobytes()
    return found


def references(root: Path) -> tuple[dict[str, object], dict[str, object]]:
    """Of all arrays, and their values."""
    parts = np.arange(120, dtype="<i2").reshape(30, 4) - 5
    wholes = np.arange(24, dtype="<i2").reshape(6, 4) + 1000
    rows = {
        "part": (array([30, 4], [1, 4], ["t", "x"]), part(root, parts), parts.tolist()),
        "whole": (array([6, 4], [1, 4], ["u", "x"]), whole(root, wholes), wholes.tolist()),
        "gone": (array([9], [1], ["v"]), {}, [FILL] * 9),
        "inlined": (array([5], [2], ["w"]), {f"{i}": f"{i}abc" for i in range(3)}, [24880, 25442, 24881, 25442, 24882]),
        "scalar": (array([], [], []), {"0": b"\x05\x00"}, 5),
        "name": (
            array([3], [3], ["n"], dtype="|O", fill_value="", filters=[JSON2]),
            {"0": json.dumps([*STRINGS, "|O", [3]], separators=(",", ":"))},
            STRINGS,
        ),
    }
    refs: dict[str, object] = {".zgroup": '{"zarr_format":2}', ".zattrs": "{}"}
    for name, (metadata, chunks, _) in rows.items():
        refs |= {f"{name}/{key}": value for key, value in {**metadata, **chunks}.items()}
    return refs, {name: values for name, (_, _, values) in rows.items()}


def kerchunk_sets(root: Path, refs: dict[str, object]) -> None:
    for size in RECORD_SIZES:
        refs_to_dataframe(refs, str(root / f"size-{size}.parq"), record_size=size)
    for how, threshold in (("plain", 1e9), ("categorical", 0)):
        refs_to_dataframe(refs, str(root / f"{how}.parq"), record_size=7, categorical_threshold=threshold)
    out = LazyReferenceMapper.create(str(root / "pyarrow.parq"), record_size=7, engine="pyarrow")
    for key in sorted(refs):
        out[key] = refs[key]
    out.flush()


def fastparquet(**options: object) -> Callable[[pd.DataFrame, Path], None]:
    encoding = {"object_encoding": {"raw": "bytes", "path": "utf8"}}
    return lambda frame, path: frame.to_parquet(path, engine="fastparquet", index=False, **encoding, **options)


def arrow(**options: object) -> Callable[[pd.DataFrame, Path], None]:
    return lambda frame, path: pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, **options)


def floats(frame: pd.DataFrame, path: Path) -> None:
    """Positions as older writers have them: floating-point numbers, NaN where there is no path."""
    numbers = frame.astype({"offset": "float64", "size": "float64"})
    numbers.loc[numbers.path.isna(), ["offset", "size"]] = np.nan
    fastparquet()(numbers, path)


def nullable(frame: pd.DataFrame, path: Path) -> None:
    numbers = frame.astype({"offset": "Int64", "size": "Int32"})
    numbers.loc[numbers.path.isna(), ["offset", "size"]] = pd.NA
    arrow()(numbers, path)


def needed(frame: pd.DataFrame, path: Path) -> None:
    """Only the columns in which there is something."""
    columns = [] if frame.path.isna().all() else ["path", "offset", "size"]
    if frame.raw.notna().any():
        columns.append("raw")
    arrow()(frame[columns], path)


REWRITES: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    **{f"fastparquet-{name}": fastparquet(compression=name) for name in ("SNAPPY", "GZIP", "ZSTD", "UNCOMPRESSED")},
    **{f"arrow-{name}": arrow(compression=name) for name in ("snappy", "gzip", "zstd", "none", "brotli")},
    "arrow-groups": arrow(row_group_size=3),
    "arrow-pages": arrow(data_page_size=16, write_batch_size=2, use_dictionary=False),
    "arrow-v2": arrow(data_page_version="2.0", version="2.6"),
    "arrow-delta": arrow(use_dictionary=False, column_encoding={"offset": "DELTA_BINARY_PACKED"}),
    "floats": floats,
    "nullable": nullable,
    "needed": needed,
    "int32": lambda frame, path: fastparquet()(frame.astype({"offset": "int32", "size": "int32"}), path),
}


def rewritten_sets(root: Path) -> None:
    source = root / "size-7.parq"
    for how, write in REWRITES.items():
        folder = root / f"{how}.parq"
        for shard in source.glob("*/*.parq"):
            table = pq.read_table(shard)
            frame = pd.DataFrame({name: pd.Series(table[name].to_pylist(), dtype=TYPES[name]) for name in TYPES})
            (folder / shard.parent.name).mkdir(parents=True, exist_ok=True)
            write(frame, folder / shard.parent.name / shard.name)
        (folder / ".zmetadata").write_bytes((source / ".zmetadata").read_bytes())


def odd_sets(root: Path, refs: dict[str, object]) -> None:
    """One shard of four chunks each, odd in its second row or as a whole; beside those that fsspec reads, that chunk's bytes."""
    rows = {"offset": [4, 12, 20, 28], "size": [8, 8, 8, 8]}
    plain = {"path": [str(root / "data 0é.bin")] * 4, **rows, "raw": [None] * 4}
    odd: dict[str, dict[str, object]] = {
        "null-offset": {"offset": pd.array([4, None, 20, 28], dtype="Int64")},
        "nan-size": {"size": [8, np.nan, 8, 8]},
        "negative": {"offset": [4, -12, 20, 28]},
        "fraction": {"offset": [4, 12.5, 20, 28]},
        "huge": {"offset": [4, 2**62, 20, 28]},
        "no-offset": {"offset": None},
        "path-of-numbers": {"path": [1, 2, 3, 4]},
        "raw-of-numbers": {"raw": [1, 2, 3, 4]},
        "short": {name: column[:3] for name, column in plain.items()},
        "long": {name: column * 2 for name, column in plain.items()},
        "empty-range": {"size": [8, 0, 8, 8]},
        "raw-and-path": {"raw": [None, b"12345678", None, None]},
    }
    zarray = {**json.loads(str(refs["part/.zarray"])), "shape": [4, 4]}
    for how, columns in odd.items():
        folder = root / "odd" / f"{how}.parq"
        (folder / "part").mkdir(parents=True)
        table = {name: column for name, column in {**plain, **columns}.items() if column is not None}
        pq.write_table(pa.table(table), folder / "part" / "refs.0.parq")
        metadata = {".zgroup": {"zarr_format": 2}, "part/.zarray": zarray}
        (folder / ".zmetadata").write_text(json.dumps({"metadata": metadata, "record_size": 4}))
        if how in ("empty-range", "raw-and-path"):
            files = fsspec.filesystem("reference", fo=str(folder), remote_protocol="file")
            as_before_pandas_3(files.references)
            told = base64.b64encode(files.cat_file("part/1.0")).decode()
            folder.with_suffix(".json").write_text(json.dumps(told))


TYPES = {"path": "object", "offset": "int64", "size": "int64", "raw": "object"}


def as_before_pandas_3(mapper: LazyReferenceMapper) -> None:
    """What pandas 3 makes of missing values fsspec does not know yet: they are None, as they were."""
    mapper.setup()
    read = mapper.open_refs
    mapper.open_refs = functools.cache(
        lambda field, record: {
            name: np.where(pd.isna(column), None, column.astype(object))
            for name, column in read(field, record).items()
        }
    )


def judged(path: Path) -> dict[str, object]:
    """Every chunk as fsspec has it: [path], [path, offset, size], base64 text; null where it is missing."""
    mapper = LazyReferenceMapper(str(path), engine="pyarrow")
    as_before_pandas_3(mapper)
    found: dict[str, object] = {}
    for field in ("part", "whole", "gone", "inlined", "scalar", "name"):
        for key in mapper._keys_in_field(field):  # noqa: SLF001
            try:
                value = mapper[key]
            except KeyError:
                found[key] = None
                continue
            if isinstance(value, bytes):
                found[key] = base64.b64encode(value).decode()
            else:
                found[key] = [value[0], *(int(number) for number in value[1:])]
    return found


def make(root: Path) -> None:
    refs, values = references(root)
    kerchunk_sets(root, refs)
    rewritten_sets(root)
    for path in sorted(root.glob("*.parq")):
        path.with_suffix(".json").write_text(json.dumps(judged(path)))
    odd_sets(root, refs)
    (root / "values.json").write_text(json.dumps(values))


def check(root: Path) -> None:
    values = json.loads((root / "values.json").read_text())
    options = {"storage_options": {"remote_protocol": "file"}}
    for path in sorted(root.glob("*.again.parq")):
        found = xr.open_dataset(str(path), engine="kerchunk", backend_kwargs=options, mask_and_scale=False)
        assert set(found.variables) == set(values), (path.name, list(found.variables))
        for name, expected in values.items():
            np.testing.assert_array_equal(found[name].values, np.array(expected), f"{path.name} {name}")
        print(f"{path.name} reads right")


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
