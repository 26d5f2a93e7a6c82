"""Writes kerchunk's JSON reference set of one netCDF-4 or HDF5 file, with absolute paths.

Usage: python kerchunk_json.py FILE OUT [VLEN_ENCODE]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from kerchunk.hdf import SingleHdf5ToZarr


def main(file: str, out: str, vlen_encode: str = "embed") -> None:
    path = str(Path(file).resolve())
    references = SingleHdf5ToZarr(path, inline_threshold=300, vlen_encode=vlen_encode).translate()
    Path(out).write_text(json.dumps(references))


if __name__ == "__main__":
    main(*sys.argv[1:])
