"""One profile and one map of a 1 GB uncompressed variable over HTTP: bytes, requests and seconds, by reference set.

Usage: python split.py WORK [--latency 20] [--bandwidth 100] [--repeat 3]     (after `npm run build`)

WORK gets temp(time, lev, lat, lon), float32, once contiguous in netCDF-4 and once as netCDF-3 with records along time.
A server on this machine (range-server.ts) sends ranges of them, with a latency a request (ms) and one link (MB/s).
Sets: kerchunk's JSON, kstream's as it is, and with --split-chunks. xarray opens each in a process of its own, which reads
a profile (all levels at one place and time) or a map (one time, one level); values are checked. Counted is what the read
itself takes, after the set is open; medians of --repeat processes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from measured import DIST, KSTREAM, run

SIZES = {"time": 40, "lev": 50, "lat": 320, "lon": 400}
SPLITS = ("time=1,lev=1", "time=1,lev=1,lat=20", "4MiB")
PLACES = {"profile": {"time": 20, "lat": 160, "lon": 200}, "map": {"time": 20, "lev": 25}}


def level(step: int, number: int):
    """One map; each has values of its own."""
    import numpy as np

    cells = SIZES["lat"] * SIZES["lon"]
    values = np.arange(cells, dtype="f4") % 1000 + step * 1000 + number * 50000
    return values.reshape(SIZES["lat"], SIZES["lon"])


def make(path: Path) -> None:
    """Writes one of the two files."""
    import netCDF4
    import numpy as np

    classic = path.name == "classic.nc"
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET" if classic else "NETCDF4") as out:
        out.set_fill_off()
        for name, size in SIZES.items():
            out.createDimension(name, None if classic and name == "time" else size)
        options = {} if classic else {"contiguous": True}
        temp = out.createVariable("temp", "f4", tuple(SIZES), **options)
        for name, size in SIZES.items():
            out.createVariable(name, "f8", (name,), **options)[:] = np.arange(size)
        for step in range(SIZES["time"]):
            temp[step] = np.stack([level(step, number) for number in range(SIZES["lev"])])


def kerchunk(file: Path, url: str, out: Path) -> None:
    """kerchunk's references of a file, which point at its URL."""
    from kerchunk.hdf import SingleHdf5ToZarr
    from kerchunk.netCDF3 import NetCDF3ToZarr

    scan = NetCDF3ToZarr if file.name == "classic.nc" else SingleHdf5ToZarr
    references = scan(str(file)).translate()
    text = json.dumps(references).replace(json.dumps(str(file)), json.dumps(url))
    out.write_text(text)


def stats(url: str) -> dict[str, int]:
    """What the server sent since it was asked last."""
    return json.loads(urllib.request.urlopen(f"{url}/__stats").read())


def read(references: str, url: str, what: str) -> None:
    """Reads one selection and prints what it took."""
    import numpy as np
    import xarray

    options = {"remote_protocol": "http", "remote_options": {"asynchronous": True}}
    data = xarray.open_dataset(references, engine="kerchunk", backend_kwargs={"storage_options": options})
    stats(url)
    began = time.monotonic()
    values = data["temp"].isel(PLACES[what]).values
    seconds = time.monotonic() - began
    truth = level(20, 25)
    if what == "profile":
        truth = np.stack([level(20, number)[160, 200] for number in range(SIZES["lev"])])
    if not np.array_equal(values, truth):
        sys.exit(f"{references}: the {what} is wrong")
    print(json.dumps({"seconds": seconds, **stats(url)}))


def sets_of(file: Path, url: str, work: Path) -> dict[str, Path]:
    """Every reference set of a file."""
    address = f"{url}/{file.name}"
    found = {"kerchunk": work / f"{file.stem}.json"}
    run([sys.executable, __file__, "--kerchunk", str(file), address, str(found["kerchunk"])])
    for split in ("", *SPLITS):
        out = work / f"{file.stem}.{split or 'whole'}.parq"
        build = [*KSTREAM, "build", str(file), "-o", str(out), "--overwrite", "--progress", "none"]
        options = ["--split-chunks", split] if split else []
        run([*build, "--rewrite-paths", f"{file.parent}={url}", *options])
        found[f"kstream, `--split-chunks {split}`" if split else "kstream"] = out
    return found


def table(file: Path, url: str, work: Path, repeat: int) -> None:
    """A row for each set."""
    print(f"\n| {file.name} | profile: bytes | requests | seconds | map: bytes | requests | seconds |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name, references in sets_of(file, url, work).items():
        cells = [name]
        for what in PLACES:
            command = [sys.executable, __file__, "--read", str(references), url, what]
            taken = [json.loads(run(command).stdout) for _ in range(repeat)]
            middle = {key: statistics.median(one[key] for one in taken) for key in taken[0]}
            size = f"{middle['bytes'] / 1e6:,.2f} MB"
            cells += [size, f"{middle['requests']:.0f}", f"{middle['seconds']:.2f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def benchmark(options: argparse.Namespace) -> None:
    """Writes what is not there yet, serves it, and measures."""
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    files = [work / "contiguous.nc", work / "classic.nc"]
    for file in files:
        if not file.exists():
            run([sys.executable, __file__, "--make", str(file)])
    program = DIST / "test/benchmark/range-server.js"
    pace = ["--latency", str(options.latency), "--bandwidth", str(options.bandwidth)]
    server = subprocess.Popen(["node", str(program), str(work), *pace], stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        for file in files:
            table(file, url, work, options.repeat)
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """The command line; what runs in processes of its own comes in by options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path, nargs="?")
    parser.add_argument("--latency", type=float, default=20)
    parser.add_argument("--bandwidth", type=float, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--make", help=argparse.SUPPRESS)
    parser.add_argument("--kerchunk", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--read", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(Path(options.make))
    elif options.kerchunk:
        file, url, out = options.kerchunk
        kerchunk(Path(file), url, Path(out))
    elif options.read:
        read(*options.read)
    elif options.work:
        benchmark(options)
    else:
        parser.error("where to work?")


if __name__ == "__main__":
    main()
