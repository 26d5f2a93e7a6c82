"""Writes a kerchunk-shaped JSON reference set of any size, streamed: arrays of one grid, one file a year.

usage: legacy-json.py OUT [--references 9000000] [--arrays 1] [--style dumps|compact|ujson|indent] [--order ascending|files|random]

`dumps` is Python's json.dumps, `compact` has no spaces, `ujson` escapes slashes as kerchunk's examples do.
`files` goes file by file through all arrays, as kerchunk's combining does; `random` is any order.
"""
import argparse
import json
import random

FILES = 61
PLANES = 6
ROWS = 9


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--references", type=int, default=9_000_000)
    parser.add_argument("--arrays", type=int, default=1)
    parser.add_argument("--style", choices=["dumps", "compact", "ujson", "indent"], default="dumps")
    parser.add_argument("--order", choices=["ascending", "files", "random"], default="ascending")
    parser.add_argument("--version", type=int, choices=[0, 1], default=1)
    options = parser.parse_args()
    slash = "\\/" if options.style == "ujson" else "/"
    comma, colon = (", ", ": ") if options.style == "dumps" else (",", ":")
    if options.style == "indent":
        comma, colon = ",\n        ", ": "
    each = options.references // options.arrays
    times = -(-each // (PLANES * ROWS * ROWS))
    names = ["temp", "salt", "u", "v"] + [f"tracer_{index}" for index in range(options.arrays)]
    names = names[: options.arrays]

    def member(name: str, chunk: int) -> str:
        rest, x = divmod(chunk, ROWS)
        rest, y = divmod(rest, ROWS)
        time, plane = divmod(rest, PLANES)
        year = 1958 + time * FILES // times
        offset = 30_000_000 + chunk * 23_456 % 900_000_000
        url = f"/g/data/cosima/access-om2-01/jra55-v13/output{year}/ocean/ocean_{name}_{year}.nc".replace("/", slash)
        return f'"{name}{slash}{time}.{plane}.{y}.{x}"{colon}["{url}"{comma}{offset}{comma}{20_000 + chunk % 7919}]'

    def members():
        if options.order == "random":
            picks = [(name, chunk) for name in names for chunk in range(each)]
            random.Random(0).shuffle(picks)
            yield from picks
        elif options.order == "files":
            for file in range(FILES):
                for name in names:
                    for chunk in range(each * file // FILES, each * (file + 1) // FILES):
                        yield name, chunk
        else:
            for name in names:
                for chunk in range(each):
                    yield name, chunk

    with open(options.out, "w") as out:
        out.write(f'{{"version"{colon}1{comma}"refs"{colon}{{' if options.version == 1 else "{")
        separator = ""
        for name in names:
            zarray = {
                "zarr_format": 2,
                "shape": [times, 10 * PLANES, 100 * ROWS, 100 * ROWS],
                "chunks": [1, 10, 100, 100],
                "dtype": "<f4",
                "fill_value": None,
                "order": "C",
                "filters": None,
                "compressor": {"id": "zlib", "level": 4},
            }
            zattrs = {"_ARRAY_DIMENSIONS": ["time", "lev", "lat", "lon"]}
            out.write(f'{separator}"{name}{slash}.zarray"{colon}{json.dumps(json.dumps(zarray))}')
            out.write(f'{comma}"{name}{slash}.zattrs"{colon}{json.dumps(json.dumps(zattrs))}')
            separator = comma
        batch = []
        for name, chunk in members():
            batch.append(member(name, chunk))
            if len(batch) == 10_000:
                out.write(comma + comma.join(batch))
                batch = []
        out.write("".join(comma + each for each in batch))
        out.write("}}" if options.version == 1 else "}")


main()
