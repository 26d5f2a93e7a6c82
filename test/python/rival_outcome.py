"""What came of a tool's work, in a few words that do not vary from run to run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rival_files import EPOCH, Truth

DAY = np.timedelta64(1, "D")
SHOWN = {"kstream": 160, "kerchunk": 90, "virtualizarr": 90}  # characters of a message


@dataclass(frozen=True)
class Task:
    """One tool on one case, by one of its calls."""

    tool: str
    case: int
    call: int
    folder: Path
    command: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """status: right, wrong, refuses, fails (an error that does not speak of the difference) or unreadable (later)."""

    status: str
    detail: str
    message: str = ""
    barriers: tuple[str, ...] = ()


def told(problem: Exception, text: str) -> str:
    """The class, with its module where the name alone says nothing (zlib.error), and the message but for Python's own."""
    kind = type(problem)
    name = f"{kind.__module__}.{kind.__name__}" if kind.__name__ == "error" else kind.__name__
    return f"`{name}`" if kind is TypeError else f"`{name}: {text}`"


def shortened(text: str, task: Task) -> str:
    """Without folders, addresses and line breaks, and not too long; kstream's first line, without the advice."""
    text = text.replace(f"file://{task.folder}/", "").replace(f"{task.folder}/", "").strip()
    if task.tool == "kstream":
        text = text.split("\n")[0].split("; ")[0]
    text = re.sub(r"0x[0-9a-f]+", "0x...", re.sub(r"\s+", " ", text))
    text = text.replace("`", "'").replace("|", "/")
    text = text if task.tool == "kstream" else text.split(". ")[0]
    most = SHOWN[task.tool]
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " ..."


def difference(found: Truth, right: Truth) -> str:
    """The first thing that is not as it should be, in words; empty where all is."""
    for name, values in right.items():
        if name not in found:
            return f"{name} is gone"
        mine = found[name]
        if mine.dtype.kind == "O":
            mine = np.array([np.datetime64(value.isoformat()) for value in mine.ravel()]).reshape(mine.shape)
        if name == "time" and mine.dtype.kind == "M":
            if not np.array_equal(mine, values):
                return f"time reads {days(mine)}"
        elif mine.shape != values.shape:
            return f"{name} has the shape {mine.shape}, should be {values.shape}"
        elif not np.array_equal(mine.astype("f8"), values, equal_nan=True):
            return wrong_steps(name, mine.astype("f8"), values, len(right["time"]))
    return ""


def days(time: np.ndarray) -> str:
    """Dates as days since the epoch."""
    return ", ".join(f"{value:g}" for value in (time - EPOCH) / DAY)


def wrong_steps(name: str, mine: np.ndarray, right: np.ndarray, steps: int) -> str:
    """How much of a variable is wrong, and what it reads as where that is one value."""
    wrong = ~((mine == right) | (np.isnan(mine) & np.isnan(right)))
    time = right.shape.index(steps) if steps in right.shape else 0
    along = np.moveaxis(wrong, time, 0).reshape(right.shape[time], -1)
    values = np.unique(mine[wrong])
    read_as = f", where it reads {values[0]:.6g}" if len(values) == 1 else ""
    part = "" if along.sum() * 2 > along[along.any(axis=1)].size else "some of "
    return f"{part}{name} is wrong in {along.any(axis=1).sum()} of {len(along)} steps{read_as}"
