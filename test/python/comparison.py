"""When two arrays count as equal: bit for bit when raw, NaN-safe by value when decoded; undefined padding is not compared."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

LIMIT = 64 * 2**20  # bytes of one array read whole; larger ones are sampled
SAMPLE_EDGE = 40


def selections(
    shape: tuple[int, ...], item_size: int, chunks: tuple[int, ...] | None = None, most_chunks: int = 2000
) -> list[tuple[slice, ...]]:
    """What to read of an array: all of it, or blocks at its start, middle and end where it is large or has many chunks."""
    count = math.prod(-(-n // c) for n, c in zip(shape, chunks, strict=True)) if chunks else 1
    if math.prod(shape) * max(item_size, 1) <= LIMIT and count <= most_chunks:
        return [tuple(slice(0, n) for n in shape)]
    edge = max(1, min(SAMPLE_EDGE, int((2**16) ** (1 / len(shape)))))

    def block(fraction: float) -> tuple[slice, ...]:
        starts = [int((n - min(n, edge)) * fraction) for n in shape]
        return tuple(slice(start, start + min(n, edge)) for start, n in zip(starts, shape, strict=True))

    return [block(fraction) for fraction in (0.0, 0.17, 0.5, 0.83, 1.0)]


def raw_difference(mine: np.ndarray, truth: np.ndarray) -> str | None:
    """Why two raw arrays are not the same bytes of the same type, or None."""
    if mine.shape != truth.shape:
        return f"shape {mine.shape}, should be {truth.shape}"
    if truth.dtype.names:
        return structure_difference(mine, truth)
    if truth.dtype.kind == "O":
        return text_difference(mine, truth)
    if not same_type(mine.dtype, truth.dtype):
        return f"type {mine.dtype}, should be {truth.dtype}"
    return bytes_difference(mine, truth)


def same_type(mine: np.dtype, truth: np.dtype) -> bool:
    """Equal types, byte order included; opaque bytes may stand for any tagged type of their size."""
    if mine.kind == "V" and not mine.names and not truth.names:
        return mine.itemsize == truth.itemsize
    return np.dtype(mine.str) == np.dtype(truth.str)


def bytes_difference(mine: np.ndarray, truth: np.ndarray) -> str | None:
    """The first place where bytes differ."""
    if truth.size == 0 or truth.dtype.itemsize == 0:
        return None
    one, other = np.ascontiguousarray(mine).tobytes(), np.ascontiguousarray(truth).tobytes()
    if one == other:
        return None
    size = truth.dtype.itemsize
    left, right = (np.frombuffer(b, "u1").reshape(-1, size) for b in (one, other))
    bad = np.flatnonzero((left != right).any(axis=1))
    first = int(bad[0])
    return f"{len(bad)} of {truth.size} values differ, first at {first}: {mine.ravel()[first]!r}, should be {truth.ravel()[first]!r}"


def text_difference(mine: np.ndarray, truth: np.ndarray) -> str | None:
    """Strings, compared as text."""
    if mine.dtype.kind not in "OUST":
        return f"type {mine.dtype}, should be strings"
    for index, (left, right) in enumerate(zip(mine.ravel(), truth.ravel(), strict=True)):
        text = (
            left.decode("utf-8", "surrogateescape")
            if isinstance(left, bytes)
            else ("" if left is None else str(left))
        )
        if text != (right.decode("utf-8", "surrogateescape") if isinstance(right, bytes) else right):
            return f"string {index}: {text!r}, should be {right!r}"
    return None


def structure_difference(mine: np.ndarray, truth: np.ndarray) -> str | None:
    """Structures, leaf by leaf by name; a set may flatten what is nested (`place.x`, `m.0`); padding is not compared."""
    if not mine.dtype.names:
        return f"type {mine.dtype}, should have the fields {truth.dtype.names}"
    found = leaves(mine)
    for name, values in leaves(truth).items():
        if name not in found:
            return f"no field {name!r}"
        difference = raw_difference(found[name], values)
        if difference:
            return f"field {name!r}: {difference}"
    return None


def leaves(values: np.ndarray) -> dict[str, np.ndarray]:
    """The fields of a structure without structures or sub-arrays, by dotted path."""
    parts: dict[str, np.ndarray] = {}
    for name in values.dtype.names or ():
        kind, field = values.dtype[name], np.asarray(values[name])
        inner = kind.shape
        for index in np.ndindex(*inner):
            path = ".".join([name, *map(str, index)])
            leaf = field[(..., *index)] if inner else field
            nested = leaves(leaf) if leaf.dtype.names else {"": leaf}
            parts |= {f"{path}.{key}" if key else path: value for key, value in nested.items()}
    return parts


def decoded_difference(mine: np.ndarray, truth: np.ndarray, scaled: bool) -> str | None:
    """Why decoded values differ; a scaled variable may be float64 where JSON cannot say that its scale was float32."""
    if mine.shape != truth.shape:
        return f"shape {mine.shape}, should be {truth.shape}"
    if truth.dtype.names:
        return structure_difference(native(mine), native(truth))
    if truth.dtype.kind in "OUST" or mine.dtype.kind in "OUST":
        return loose_text_difference(mine, truth)
    mine, truth = native(mine), native(truth)
    if scaled and mine.dtype.kind == "f" and truth.dtype.kind == "f" and mine.dtype != truth.dtype:
        finite = np.abs(truth[np.isfinite(truth)])
        tolerance = 4 * np.finfo("f4").eps * (float(finite.max()) if finite.size else 0.0)
        return (
            None
            if np.allclose(mine, truth, rtol=1e-6, atol=tolerance, equal_nan=True)
            else "scaled values differ"
        )
    if mine.dtype != truth.dtype:
        return f"type {mine.dtype}, should be {truth.dtype}"
    if mine.dtype.kind in "fc" and np.array_equal(mine, truth, equal_nan=True):
        return None
    return bytes_difference(mine, truth)


def native(values: np.ndarray) -> np.ndarray:
    """The same values in this machine's byte order."""
    if values.dtype.names:
        return values
    return np.asarray(values, dtype=values.dtype.newbyteorder("="))


def loose_text_difference(mine: np.ndarray, truth: np.ndarray) -> str | None:
    """Decoded strings and objects: NaN and None and the empty string are each only themselves."""
    for index, (left, right) in enumerate(itertools.zip_longest(mine.ravel(), truth.ravel())):
        if plain(left) != plain(right) and not (is_nan(left) and is_nan(right)):
            return f"object {index}: {left!r}, should be {right!r}"
    return None


def plain(value: Any) -> Any:
    """Text of bytes and strings, without what pads it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape").rstrip("\0")
    return str(value).rstrip("\0") if isinstance(value, str) else value


def is_nan(value: Any) -> bool:
    """True for a float NaN."""
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def attribute_difference(mine: dict[str, Any], truth: dict[str, Any]) -> str | None:
    """The first attribute that is absent, in excess or has another value; numbers by value, one element as a scalar."""
    added = {
        "flag_values",
        "flag_meanings",
    }  # what a set says of an enum, which xarray's engines keep in the encoding
    for name in sorted(truth.keys() | (mine.keys() - (added - truth.keys()))):
        if name not in mine or name not in truth:
            return f"attribute {name!r} only in the {'set' if name in mine else 'original'}"
        left, right = (
            np.atleast_1d(np.asarray(value, dtype=object)).ravel() for value in (mine[name], truth[name])
        )
        if left.size != right.size or loose_text_difference(left, right):
            return f"attribute {name!r}: {mine[name]!r}, should be {truth[name]!r}"
    return None
