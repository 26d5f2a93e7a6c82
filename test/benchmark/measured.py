"""A process of its own and what it took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

DIST = Path(os.environ.get("DIST", Path(__file__).parents[2] / "dist"))
KSTREAM = ["node", str(DIST / "cli/index.js")]


@dataclass(frozen=True)
class Taken:
    """Seconds, and the largest memory of the process."""

    wall: float
    cpu: float
    mebibytes: float
    stdout: str


def run(command: list[str]) -> Taken:
    """Runs a command to its end; ends this program where it fails."""
    # What is told of its memory is at least what this program has: that has to stay small.
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        stdout = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit {process.returncode}\n{stdout}{errors.read()}")
    cpu = usage.ru_utime + usage.ru_stime
    return Taken(time.monotonic() - began, cpu, usage.ru_maxrss / 1024, stdout)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
