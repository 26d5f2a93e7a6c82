"""Random sequences of operations on the arrays of a case, mostly such as make sense; the same for the same seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from transform_arrays import (
    DIMS,
    TYPES,
    Array,
    Case,
    Dice,
    divisors,
    make_arrays,
    make_coordinate,
    make_lengths,
)

MOST_PIECES = 600  # chunks of one array: more only take longer


def make_case(seed: int) -> Case:
    """The case of this seed."""
    dice = Dice(seed)
    kind = dice.pick(("earliest", "latest")) if dice.chance(0.6) else dice.pick(list(TYPES)[2:])
    lengths = make_lengths(dice)
    sizes = {dim: dice.number(1, 8) for dim in DIMS[1:]}
    case = Case(seed, kind, sizes, lengths, list(range(len(lengths))), dice.chance(0.7), [])
    case.arrays = make_arrays(dice, case)
    # scipy puts scalars behind the first record, where libnetcdf refuses them.
    if case.kind.startswith("scipy") and any(array.dims == () for array in case.arrays):
        case.kind = "NETCDF3_CLASSIC"
    used = {dim for array in case.arrays for dim in array.dims}
    for dim in DIMS:
        if dim in used and (dice.chance(0.75) or (dim == "t" and dice.chance(0.6))):
            case.arrays.append(make_coordinate(dice, case, dim))
    # netCDF-3 grows along the first axis alone.
    if not case.is_hdf5 and any("t" in array.dims[1:] for array in case.arrays):
        case.unlimited = False
        # A fixed dimension of no elements is what netCDF-3 takes for the one that grows.
        case.lengths = [max(1, length) for length in case.lengths]
    elif 0 in case.lengths:
        case.unlimited = True
    make_operations(dice, case)
    case.record_size = dice.pick((3, 10, 100, 100_000))
    case.inline_limit = dice.pick((0, 20, 1 << 20))
    apart = next((at for at, each in enumerate(case.operations) if "dim" in each), len(case.operations))
    case.staged = dice.number(0, apart) if dice.chance(0.4) else 0
    case.reads = dice.pick(("written", "flowing"))
    return case


class Names:
    """What arrays and dimensions are called by now, and which arrays are still there."""

    def __init__(self, case: Case) -> None:
        self.now = {array.name: array.name for array in case.arrays} | {dim: dim for dim in DIMS}
        self.kept = {array.name for array in case.arrays}

    def needed(self, case: Case, names: set[str]) -> set[str]:
        """With the coordinates of their dimensions."""
        dims = {dim for name in names for dim in case.array(name).dims}
        return names | {dim for dim in dims if dim in self.kept}

    def apply(self, case: Case, operation: dict[str, Any]) -> None:
        """Follows an operation."""
        old = {now: name for name, now in self.now.items()}
        if operation["op"] == "rename":
            for now, new in operation["names"].items():
                self.now[old[now]] = new
        elif operation["op"] == "select":
            self.kept = self.needed(case, {old[now] for now in operation["arrays"]})
        elif operation["op"] == "drop":
            self.kept -= {old[now] for now in operation["arrays"]}


def make_operations(dice: Dice, case: Case) -> None:
    """Some operations, the join where there are files to join, and some more."""
    names = Names(case)
    extents = {array.name: list(stored_extents(case, array)) for array in case.arrays}
    joins = len(case.lengths) > 1 or dice.chance(0.2)
    ragged = len(set(case.lengths)) > 1

    def add(operation: dict[str, Any] | None) -> None:
        if operation:
            names.apply(case, operation)
            case.operations.append(operation)

    if dice.chance(0.5):
        for operation in string_together(dice, case, extents):
            add(operation)
    if ragged and dice.chance(0.8):
        add(heal(dice, case, names, extents))
    for _ in range(dice.pick((0, 1, 1, 2))):
        add(make_operation(dice, case, names, extents))
    if joins and (len(case.lengths) > 1 or any("t" in case.array(name).dims for name in names.kept)):
        add(make_join(dice, case, names))
    for _ in range(dice.pick((0, 0, 1, 2))):
        add(make_operation(dice, case, names, extents))


def stored_extents(case: Case, array: Array) -> tuple[int, ...]:
    """The extents of its chunks in the first file, as far as they matter for choosing targets."""
    return array.chunks or tuple(max(1, n) for n in case.shape(array, 0))


def string_together(dice: Dice, case: Case, extents: dict[str, list[int]]) -> list[dict[str, Any]]:
    """One array whose chunks adjoin in all likelihood, alone, and a merger that has to work if they do."""
    for array in case.arrays:
        shape, chunk = case.shape(array, 0), extents[array.name]
        many = [axis for axis, n in enumerate(shape) if chunk[axis] < n]
        even = all(n % c == 0 for n, c in zip(shape, chunk, strict=True))
        if array.layout != "early" or not many or not even or not is_enough(case, [array.name]):
            continue
        axis = many[-1]
        if max(chunk[:axis], default=1) > 1:
            continue
        chunk[axis] *= dice.pick(divisors(shape[axis] // chunk[axis])[1:])
        select = {"op": "select", "arrays": [array.name]}
        return [select, {"op": "merge", "target": {array.dims[axis]: chunk[axis]}}]
    return []


def heal(dice: Dice, case: Case, names: Names, extents: dict[str, list[int]]) -> dict[str, Any]:
    """Makes ragged files fit: pieces along t that all have."""
    piece = dice.pick(divisors(math.gcd(*case.lengths) or 1))
    cut(case, extents, {"t": piece})
    return {"op": "split", "target": {names.now["t"]: piece}}


def make_join(dice: Dice, case: Case, names: Names) -> dict[str, Any]:
    """By the coordinate where there is one: then files may come in any order."""
    order = "coordinate" if "t" in names.kept and 0 not in case.lengths else "list"
    if order == "coordinate" and dice.chance(0.3):
        case.order = [int(place) for place in dice.rng.permutation(len(case.lengths))]
    mismatch = "copy" if dice.chance(0.3) else "fail"
    return {"op": "concat", "dim": names.now["t"], "order": order, "onMismatch": mismatch}


def make_operation(
    dice: Dice, case: Case, names: Names, extents: dict[str, list[int]]
) -> dict[str, Any] | None:
    """One operation, of those that make sense here."""
    kind = dice.pick(("split", "split", "split", "merge", "merge", "select", "drop", "rename"))
    if kind in ("split", "merge"):
        target = split_target(dice, case, names, extents) if kind == "split" else None
        target = merge_target(dice, case, names, extents) if kind == "merge" else target
        if not isinstance(target, dict):
            return {"op": kind, "target": target} if target else None
        return {"op": kind, "target": {names.now[dim]: n for dim, n in target.items()}}
    kept = sorted(names.kept)
    chosen = [name for name in kept if dice.chance(0.5)]
    if kind == "rename" and chosen:
        renamed = {names.now[name]: f"{name}_{dice.number(1, 99)}" for name in chosen}
        return {"op": "rename", "names": renamed}
    if kind == "select" and is_enough(case, chosen):
        return {"op": "select", "arrays": [names.now[name] for name in chosen]}
    data = [name for name in chosen if name.startswith("v") or dice.chance(0.3)]
    if kind == "drop" and data and is_enough(case, sorted(set(kept) - set(data))):
        return {"op": "drop", "arrays": [names.now[name] for name in data]}
    return None


def is_enough(case: Case, names: list[str]) -> bool:
    """Data, and what files can be joined along where there are more than one."""
    data = [case.array(name) for name in names if name.startswith("v")]
    return any(len(case.lengths) == 1 or "t" in array.dims for array in data)


def split_target(
    dice: Dice, case: Case, names: Names, extents: dict[str, list[int]]
) -> dict[str, int] | int | None:
    """Leading dimensions to 1 and a piece of the next, mostly; now and then anything; or a number of bytes."""
    arrays = [case.array(name) for name in sorted(names.kept) if case.array(name).dims]
    if not arrays:
        return None
    array = dice.pick(arrays)
    item = np.dtype(array.dtype).itemsize
    if dice.chance(0.2):
        # Not so few that an array falls into thousands of pieces.
        return max(item * dice.number(1, 40), item * math.prod(case.shape(array)) // MOST_PIECES)
    axis = dice.number(0, len(array.dims) - 1)
    extent = extents[array.name][axis]
    piece = dice.pick(divisors(extent)) if dice.chance(0.7) else dice.number(1, extent + 1)
    if dice.chance(0.15):
        target = {array.dims[axis]: piece}
    else:
        target = {dim: 1 for dim in array.dims[:axis]} | {array.dims[axis]: piece}
    cut(case, extents, target)
    return target


def cut(case: Case, extents: dict[str, list[int]], target: dict[str, int]) -> None:
    """Follows a split."""
    for name, chunk in extents.items():
        for axis, dim in enumerate(case.array(name).dims):
            chunk[axis] = min(chunk[axis], target.get(dim, chunk[axis]))


def merge_target(
    dice: Dice, case: Case, names: Names, extents: dict[str, list[int]]
) -> dict[str, int] | int | None:
    """Some chunks along the last axis that has more than one, mostly; now and then another; or a number of bytes."""
    arrays = [case.array(name) for name in sorted(names.kept) if case.array(name).dims]
    if not arrays:
        return None
    array = dice.pick(arrays)
    chunk = extents[array.name]
    if dice.chance(0.25):
        return max(1, np.dtype(array.dtype).itemsize * math.prod(chunk) * dice.number(1, 6))
    many = [axis for axis, n in enumerate(case.shape(array)) if chunk[axis] < n]
    axis = many[-1] if many and dice.chance(0.85) else dice.number(0, len(array.dims) - 1)
    chunk[axis] *= dice.pick((2, 2, 3, 4))
    return {array.dims[axis]: chunk[axis]}
