"""What the library may refuse, and what it must not: arithmetic of chunks, from what each stage said it handed on."""

from __future__ import annotations

import math
from typing import Any

from transform_arrays import Case

Passed = dict[str, Any]  # path, shape, chunks, type, codecs of one array between two stages
REFUSALS = ("ERR_KSTREAM_UNSUPPORTED", "ERR_KSTREAM_PLAN", "ERR_KSTREAM_USAGE")


def broken_rule(case: Case, outcome: dict[str, Any], adjoining: set[str]) -> str | None:
    """Why an error was not due; None where it may have been."""
    error, passed = outcome["error"], outcome["passed"]
    if error.get("code") not in REFUSALS:
        return f"not a refusal: {error.get('code')} {error['message']}"
    # One file flows at a time, and only the join waits for all of them: the last place where fewer came out than went
    # in. Operations behind the stored sets begin when all of these are there.
    is_apart = case.staged > 0 and len(passed[case.staged]) < len(case.lengths)
    begun = range(case.staged) if is_apart else range(case.staged, len(case.operations))
    for number in reversed(begun):
        before, after = passed[number], passed[number + 1]
        is_join = case.operations[number]["op"] == "concat"
        if len(before) == len(case.lengths) and not after if is_join else len(before) > len(after):
            doubtful = not must_do(case, number, before if is_join else [before[len(after)]], adjoining)
            return unnamed(error, before) if doubtful else f"operation {number} was due: {error['message']}"
    if len(passed[0]) < len(case.lengths):
        return f"the file does not open: {error['message']}"
    # Whether chunks adjoin is found out before anything is handed on.
    return f"refused in the body: {error['message']}"


def unnamed(error: dict[str, Any], arrays: list[list[Passed]]) -> str | None:
    """A refusal speaks of an array, or of a dimension."""
    names = {array["path"] for passed in arrays for array in passed}
    return None if any(name in error["message"] for name in names) else f"names no array: {error['message']}"


def must_do(case: Case, number: int, sets: list[list[Passed]], adjoining: set[str]) -> bool:
    """Whether an operation on these sets has to succeed. False where it is hard to tell."""
    operation = case.operations[number]
    if operation["op"] == "split":
        return can_split(operation["target"], sets)
    if operation["op"] == "merge":
        untouched = all(before["op"] in ("select", "drop") for before in case.operations[:number])
        return can_merge(operation["target"], sets, adjoining if untouched else set())
    if operation["op"] == "concat":
        fits = operation["onMismatch"] == "copy" or can_join(operation["dim"], sets, case.order)
        return 0 not in case.lengths and fits
    return True


def can_split(target: dict[str, int] | int, sets: list[list[Passed]]) -> bool:
    """A number of bytes can always be met as far as it goes; extents where each piece is one run of bytes."""
    if not isinstance(target, dict):
        return True
    affected = [array for arrays in sets for array in arrays if set(array["dims"]) & set(target)]
    return bool(affected) and all(splits(array, target) for array in affected)


def splits(array: Passed, target: dict[str, int]) -> bool:
    """Whether the pieces are runs: leading axes split to 1, one axis in any way, the rest whole."""
    chunks = array["chunks"]
    pieces = [min(target.get(dim, n), n) for dim, n in zip(array["dims"], chunks, strict=True)]
    if pieces == chunks or array["dims"] == [array["path"]]:
        return True  # a coordinate stays as it is where it cannot be split
    first = next(axis for axis, n in enumerate(pieces) if n > 1) if max(pieces) > 1 else len(pieces)
    rest_whole = pieces[first + 1 :] == chunks[first + 1 :]
    even = all(
        chunk % piece == 0 or chunk >= n
        for chunk, piece, n in zip(chunks, pieces, array["shape"], strict=True)
    )
    return rest_whole and even and not array["codecs"]


def can_merge(target: dict[str, int] | int, sets: list[list[Passed]], adjoining: set[str]) -> bool:
    """A number of bytes as far as it goes; extents where whole chunks lie one behind the other."""
    if not isinstance(target, dict):
        return True
    affected = [array for arrays in sets for array in arrays if set(array["dims"]) & set(target)]
    return bool(affected) and all(merges(array, target, adjoining) for array in affected)


def merges(array: Passed, target: dict[str, int], adjoining: set[str]) -> bool:
    """Whether chunks that follow each other in C order make up each larger one."""
    shape, chunks = array["shape"], array["chunks"]
    larger = [max(target.get(dim, n), n) for dim, n in zip(array["dims"], chunks, strict=True)]
    if larger == chunks or array["dims"] == [array["path"]]:
        return True
    uneven = any(n % c for n, c in zip(shape, chunks, strict=True))
    if array["path"] not in adjoining or array["codecs"] or uneven:
        return False
    if any(n % c for n, c in zip(larger, chunks, strict=True)):
        return False
    merged = [axis for axis, (n, c) in enumerate(zip(larger, chunks, strict=True)) if n > c]
    stay_together = all(n == 1 for n in chunks[: merged[-1]])
    return stay_together and larger[merged[0] + 1 :] == shape[merged[0] + 1 :]


def can_join(dim: str, sets: list[list[Passed]], order: list[int]) -> bool:
    """Files whose chunks are alike and end where the file does."""
    ordered = [sets[order.index(place)] for place in range(len(order))]
    by_path = [{array["path"]: array for array in arrays} for arrays in ordered]
    for path, first in by_path[0].items():
        if dim not in first["dims"]:
            continue
        all_files = [arrays[path] for arrays in by_path]
        axis = first["dims"].index(dim)
        if any(array[key] != first[key] for array in all_files for key in ("chunks", "codecs")):
            return False
        if any(array["shape"][axis] % array["chunks"][axis] for array in all_files[:-1]):
            return False
    return True


def wrong_chunks(case: Case, outcome: dict[str, Any]) -> str | None:
    """A split or a merge that was done and yet did not give what was asked for."""
    for number, operation in enumerate(case.operations):
        if operation["op"] not in ("split", "merge"):
            continue
        left = {path for path, _ in outcome["left"][number]}
        sets = zip(outcome["passed"][number], outcome["passed"][number + 1], strict=True)
        for before, after in sets:
            for old, array in zip(before, after, strict=True):
                problem = None if array["path"] in left else wrong_extents(operation, array)
                if operation["op"] == "merge" and old["chunks"] != array["chunks"]:
                    problem = problem or too_large(operation["target"], array)
                if problem:
                    return f"operation {number}: {array['path']}: {problem}"
    return None


def wrong_counts(outcome: dict[str, Any]) -> str | None:
    """Every chunk is a reference, in the set itself, or missing."""
    told = outcome["report"]
    last = outcome["passed"][-1][-1]
    grids = [[-(-n // c) for n, c in zip(array["shape"], array["chunks"], strict=True)] for array in last]
    chunks = sum(map(math.prod, grids))
    found = told["references"] + told["inlined"] + told["missing"]
    return None if found == chunks else f"{chunks} chunks, but the report has {found}: {told}"


def wrong_extents(operation: dict[str, Any], array: Passed) -> str | None:
    """Against the target: an extent as asked, or no more bytes than asked where there is a choice."""
    target, chunks = operation["target"], array["chunks"]
    if isinstance(target, dict):
        for dim, n, extent in zip(array["dims"], chunks, array["shape"], strict=True):
            asked = target.get(dim, n)
            enough = n <= asked if operation["op"] == "split" else n >= min(asked, extent)
            if not enough:
                return f"chunks of {n} along {dim}, asked for {asked}"
        return None
    return too_large(target, array) if operation["op"] == "split" else None


def too_large(target: dict[str, int] | int, array: Passed) -> str | None:
    """Chunks of more bytes than asked for, where they are not single elements."""
    size = math.prod(array["chunks"]) * array["item"]
    if isinstance(target, dict) or size <= max(target, array["item"]):
        return None
    return f"chunks of {size} bytes, asked for {target}"
