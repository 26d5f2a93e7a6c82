"""A legacy JSON of 9.0 M references to every other format, kerchunk's own conversion beside it, each a process of its own.

usage: convert.py DIR [--references 9000000] [--no-peer]   (DIR is made; needs about 6 GB)

The document is of legacy-json.py: one array after the other, or file by file through 40 arrays as kerchunk's combining
leaves it. `peer` is kerchunk's refs_to_dataframe, which holds the whole document in memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from measured import KSTREAM, Taken, run, size_of

HERE = Path(__file__).parent
PEER = """
import sys
from kerchunk.df import refs_to_dataframe
refs_to_dataframe(sys.argv[1], sys.argv[2], record_size=100000)
"""


def row(what: str, taken: Taken, out: Path) -> None:
    print(
        f"| {what} | {taken.cpu:.1f} s | {taken.wall:.1f} s | {taken.mebibytes:,.0f} MiB | {size_of(out) / 1e6:,.1f} MB |",
        flush=True,
    )


def document(out: Path, references: int, *options: str) -> Path:
    if not out.exists():
        command = [sys.executable, str(HERE / "legacy-json.py"), str(out), "--references", str(references)]
        subprocess.run([*command, *options], check=True)
    return out


def convert(what: str, source: Path, out: Path, *options: str) -> None:
    row(what, run([*KSTREAM, "convert", str(source), str(out), "--overwrite", *options]), out)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--references", type=int, default=9_000_000)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    ordered = document(folder / "ordered.json", options.references)
    by_file = document(folder / "by-file.json", options.references, "--arrays", "40", "--order", "files")
    mixed = document(folder / "mixed.json", options.references, "--order", "random")
    print(f"{options.references:,} references, {size_of(ordered) / 1e9:.2f} GB of JSON\n")
    print("| conversion | CPU | wall | peak memory | size |\n|---|---|---|---|---|")
    parquet = folder / "ordered.parq"
    convert("kstream, JSON to Parquet", ordered, parquet)
    if not options.no_peer:
        peer = folder / "peer.parq"
        row("kerchunk, JSON to Parquet", run([sys.executable, "-c", PEER, str(ordered), str(peer)]), peer)
    convert("kstream, JSON of 40 arrays, file by file, to Parquet", by_file, folder / "by-file.parq")
    convert("kstream, JSON in random order to Parquet", mixed, folder / "mixed.parq")
    convert("kstream, Parquet to JSON", parquet, folder / "again.json")
    convert("kstream, Parquet to JSON, gzip", parquet, folder / "again.json.gz")
    convert("kstream, gzip JSON to Parquet", folder / "again.json.gz", folder / "gzip.parq")
    convert("kstream, Parquet to NDJSON", parquet, folder / "again.ndjson")
    convert("kstream, NDJSON to Parquet", folder / "again.ndjson", folder / "ndjson.parq")
    # The files are nowhere, and Icechunk wants the time of change of local ones.
    moved = ("--rewrite-paths", "/g/data=s3://bucket/data")
    convert("kstream, Parquet to Icechunk", parquet, folder / "again.icechunk", *moved)
    convert("kstream, Icechunk to Parquet", folder / "again.icechunk", folder / "icechunk.parq")
    info = run([*KSTREAM, "info", str(parquet)])
    print(f"\n`kstream info` of the Parquet set: {info.wall * 1000:.0f} ms, {info.mebibytes:.0f} MiB")


if __name__ == "__main__":
    main()
