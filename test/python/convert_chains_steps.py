"""Random chains of conversions of a case's files, and what each set on the way has to hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from convert_chains_files import Files
from transform_arrays import Dice

ENDINGS = {
    "parquet": ".parq",
    "json": ".json",
    "json-v0": ".v0.json",
    "json.gz": ".json.gz",
    "json.zst": ".json.zst",
    "ndjson": ".ndjson",
    "ndjson.gz": ".ndjson.gz",
    "icechunk": ".icechunk",
}
READABLE = ("parquet", "json", "json-v0", "json.gz", "icechunk")
TEXT = ("json", "json-v0", "ndjson")
ELSEWHERE = "s3://bucket/data"


@dataclass(frozen=True)
class Item:
    """One array of a set: as it is stored, and as xarray decodes it by default."""

    dims: tuple[str, ...]
    raw: np.ndarray
    decoded: np.ndarray
    attributes: dict[str, Any]


Items = dict[str, Item]


@dataclass
class Step:
    """What is run, and what the set that comes out of it holds; `away`: its references lead nowhere."""

    inputs: list[int]
    attempts: list[dict[str, Any]]
    items: Items
    away: bool = False


@dataclass
class Chain:
    """The steps of a case."""

    files: Files
    folder: Path
    producer: str
    steps: list[Step] = field(default_factory=list)

    def request(self) -> dict[str, Any]:
        """As the program takes it."""
        steps = [{"inputs": step.inputs, "attempts": step.attempts} for step in self.steps]
        return {"seed": self.files.seed, "folder": str(self.folder), "steps": steps}


def attempt(number: int, command: list[str], form: str, dice: Dice, mark: str = "") -> dict[str, Any]:
    """One command line for a step, now and then through standard input and output."""
    is_build = command[0] == "build"
    out = f"s{number}{mark}{ENDINGS[form]}"
    is_sized = form == "parquet" and dice.chance(0.8)
    record = ["--record-size", str(dice.pick((1, 2, 3, 7, 100, 1000)))] if is_sized else []
    named = ["-o", "@out"] if is_build or dice.chance(0.2) else ["@out"]
    told = not is_build and (form in TEXT and dice.chance(0.2))
    forms = ["--to", form] if told or form == "json-v0" else []
    one = "@1" not in command
    return {
        "args": [*command, *record, *forms, *named],
        "out": out,
        "stdin": not is_build and one and dice.chance(0.15),
        "stdout": told,
    }


def attempts(number: int, due: list[str], extra: list[str], form: str, dice: Dice) -> list[dict[str, Any]]:
    """With options that may be refused, without these, and in the end as Parquet."""
    found = [attempt(number, [*due, *extra], form, dice)] if extra else []
    found.append(attempt(number, due, form, dice, "b" if extra else ""))
    return [*found, attempt(number, due, "parquet", dice, "c")] if form != "parquet" else found


def make_chain(
    dice: Dice, files: Files, folder: Path, producer: str, starts: list[Path], parts: list[Items]
) -> Chain:
    """Each part becomes a set of some format; they are joined; and the whole goes on."""
    chain = Chain(files, folder, producer)
    lasts = [start_part(dice, chain, start, items) for start, items in zip(starts, parts, strict=True)]
    at, items, away = lasts[0], parts[0], False
    if len(lasts) > 1:
        items = join_items(parts)
        at = len(chain.steps)
        due = ["convert", *(f"@{number}" for number in range(len(lasts))), "--concat-dims", "t"]
        tries = attempts(at, due, optional(dice, items, False), dice.pick(list(ENDINGS)), dice)
        chain.steps.append(Step(lasts, tries, items))
    for left in reversed(range(dice.number(1, 4))):
        number = len(chain.steps)
        options, items, here = required(dice, items, folder, away, left == 0)
        away = here if here is not None else away
        form = dice.pick(READABLE if left == 0 else list(ENDINGS))
        extra = [] if away or here is not None else optional(dice, items, True)
        tries = attempts(number, ["convert", "@0", *options], extra, form, dice)
        chain.steps.append(Step([at], tries, items, away))
        at = number
    return chain


def start_part(dice: Dice, chain: Chain, start: Path, items: Items) -> int:
    """The first set of a part, and now and then another of it."""
    number = len(chain.steps)
    copy = ["--on-unsupported", "copy"]
    extra = ["--inline-threshold", str(dice.pick((10, 100, 10000)))] if dice.chance(0.3) else []
    if chain.producer == "kstream" and dice.chance(0.6):
        tries = attempts(number, ["build", str(start), *copy], extra, "parquet", dice)
    else:
        tries = attempts(number, ["convert", str(start), *copy], extra, dice.pick(list(ENDINGS)), dice)
    for each in tries:
        each["stdin"] = False
    chain.steps.append(Step([], tries, items))
    if dice.chance(0.4):
        number += 1
        tries = attempts(number, ["convert", "@0"], [], dice.pick(list(ENDINGS)), dice)
        chain.steps.append(Step([number - 1], tries, items))
    return number


def join_items(parts: list[Items]) -> Items:
    """Along t; what does not grow is of the first part."""
    joined = {}
    for path, item in parts[0].items():
        if "t" in item.dims:
            axis = item.dims.index("t")

            def whole(name: str, path: str = path, axis: int = axis) -> np.ndarray:
                values = [getattr(items[path], name) for items in parts]
                return np.concatenate(values, axis).astype(values[0].dtype)

            item = replace(item, raw=whole("raw"), decoded=whole("decoded"))
        joined[path] = item
    return joined


def required(
    dice: Dice, items: Items, folder: Path, away: bool, is_last: bool
) -> tuple[list[str], Items, bool | None]:
    """Options that have to work, what they leave, and whether references are moved away by them or back."""
    options: list[str] = []
    moved = None
    if away and (is_last or dice.chance(0.6)):
        options, moved = ["--rewrite-paths", f"{ELSEWHERE}={folder}"], False
    elif not away and not is_last and dice.chance(0.15):
        options, moved = ["--rewrite-paths", f"{folder}={ELSEWHERE}"], True
    kind = dice.pick(("none", "none", "none", "select", "drop", "rename", "group"))
    changed = CHANGES[kind](dice, items) if kind in CHANGES else None
    return (options, items, moved) if changed is None else ([*options, *changed[0]], changed[1], moved)


def needed(items: Items, chosen: list[str]) -> list[str]:
    """With the coordinates of their dimensions, in the root."""
    dims = {dim for path in chosen for dim in items[path].dims}
    return [path for path in items if path in chosen or path in dims]


def change_selection(dice: Dice, items: Items) -> tuple[list[str], Items] | None:
    """Some arrays."""
    chosen = [path for path in items if dice.chance(0.5)]
    return (["--select", ",".join(chosen)], {path: items[path] for path in needed(items, chosen)}) if chosen else None


def change_drop(dice: Dice, items: Items) -> tuple[list[str], Items] | None:
    """Some arrays less."""
    gone = [path for path in items if dice.chance(0.3)]
    kept = {path: item for path, item in items.items() if path not in gone}
    return (["--drop", ",".join(gone)], kept) if gone and kept else None


def change_names(dice: Dice, items: Items) -> tuple[list[str], Items] | None:
    """Other names for arrays, and for dimensions of that name."""
    names = {path: f"{path}_{dice.number(1, 99)}" for path in items if dice.chance(0.4)}
    if not names:
        return None
    told = [f"{path}={name.rsplit('/', 1)[-1]}" for path, name in names.items()]
    renamed = {
        names.get(path, path): replace(item, dims=tuple(names.get(dim, dim) for dim in item.dims))
        for path, item in items.items()
    }
    return ["--rename", ",".join(told)], renamed


def change_root(dice: Dice, items: Items) -> tuple[list[str], Items] | None:
    """One group as the whole, with what it needs of the groups around."""
    groups = sorted({path.rsplit("/", 1)[0] for path in items if "/" in path})
    if not groups:
        return None
    group = dice.pick(groups)
    inside = [path for path in items if path.startswith(f"{group}/")]
    kept = {path.removeprefix(f"{group}/"): items[path] for path in needed(items, inside)}
    return ["--group", f"/{group}"], kept


CHANGES = {"select": change_selection, "drop": change_drop, "rename": change_names, "group": change_root}


def optional(dice: Dice, items: Items, may_inline: bool) -> list[str]:
    """Options that may be refused, and that change no value."""
    kind = dice.pick(("none", "none", "split", "merge", "inline"))
    if kind == "inline" and may_inline:
        return ["--inline-threshold", str(dice.pick((1, 20, 100, 10000)))]
    dims = sorted({dim for item in items.values() for dim in item.dims})
    if kind not in ("split", "merge") or not dims:
        return []
    if dice.chance(0.4):
        return [f"--{kind}-chunks", str(dice.pick((1, 8, 30, 100, 1000)))]
    chosen = [dim for dim in dims if dice.chance(0.4)] or dims[:1]
    return [f"--{kind}-chunks", ",".join(f"{dim}={dice.pick((1, 1, 2, 3, 4))}" for dim in chosen)]
