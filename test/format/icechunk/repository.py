"""Icechunk repositories for the tests, by icechunk and VirtualiZarr, and the values that zarr-python reads from them.

repository.py make FOLDER FILE...     FOLDER/virtual: a group for each FILE, by VirtualiZarr; FOLDER/mixed: all kinds of chunks
repository.py compare REPOSITORY SET  every array of the repository against that of a kstream Parquet set, bit for bit
"""

import datetime
import sys
from pathlib import Path
from urllib.parse import quote

import fsspec
import icechunk
import numpy as np
import zarr


def open_repository(folder, prefix):
    config = icechunk.RepositoryConfig(inline_chunk_threshold_bytes=64)
    config.set_virtual_chunk_container(
        icechunk.VirtualChunkContainer(prefix, store=icechunk.local_filesystem_store(prefix.removeprefix("file://")))
    )
    storage = icechunk.local_filesystem_storage(str(folder))
    repository = icechunk.Repository.open_or_create(storage, config, authorize_virtual_chunk_access={prefix: None})
    repository.save_config()
    return repository


def make_virtual(folder, files):
    from obspec_utils.registry import ObjectStoreRegistry
    from obstore.store import LocalStore
    from virtualizarr import open_virtual_dataset
    from virtualizarr.parsers import HDFParser

    registry = ObjectStoreRegistry({"file://": LocalStore()})
    repository = open_repository(folder / "virtual", f"file://{Path(files[0]).parent}/")
    session = repository.writable_session("main")
    now = datetime.datetime.now(datetime.timezone.utc)
    for number, file in enumerate(files):
        dataset = open_virtual_dataset(f"file://{file}", registry, HDFParser(), loadable_variables=[])
        dataset.vz.to_icechunk(session.store, group=f"file{number}", last_updated_at=now)
    session.commit("virtual")


def make_mixed(folder):
    random = np.random.default_rng(1)
    source = folder / "säm ple#1.bin"
    source.write_bytes(random.bytes(4096))
    repository = open_repository(folder / "mixed", f"file://{folder}/")
    for number in range(4):
        session = repository.writable_session("main")
        group = zarr.group(session.store).require_group("deep/er" if number % 2 else "top")
        for dtype in ("<f8", ">i4", "|u1", "<i8"):
            shape = (7, 5, 9)
            array = group.create_array(f"n{number}{dtype[1:]}", shape=shape, chunks=(2, 3, 4), dtype=dtype)
            array[:] = random.integers(0, 100, shape)
        plain = group.create_array(f"v{number}", shape=(20, 6), chunks=(2, 3), dtype="<i2", compressors=None)
        plain[::4] = 7
        for row in range(0, 10, 3):
            session.store.set_virtual_ref(f"{plain.path}/c/{row}/1", f"file://{folder}/{quote(source.name)}",
                                          offset=row * 12, length=12)
        session.commit(f"commit {number}")
    session = repository.writable_session("main")
    root = zarr.open_group(session.store)
    del root["top/n0f8"]
    root["top/n0u1"][:3] = 200
    session.commit("changed")


def compare(repository, path):
    storage = icechunk.local_filesystem_storage(repository)
    config = icechunk.Repository.fetch_config(storage)
    opened = icechunk.Repository.open(storage, authorize_virtual_chunk_access=dict.fromkeys(config.virtual_chunk_containers))
    expected = zarr.open_group(opened.readonly_session("main").store, mode="r")
    mapped = fsspec.filesystem("reference", fo=path, remote_protocol="file", asynchronous=True)
    found = zarr.open_group(zarr.storage.FsspecStore(mapped, read_only=True), mode="r", zarr_format=2)
    count = 0
    for name, node in expected.members(max_depth=None):
        assert dict(node.attrs) == dict(found[name].attrs) or isinstance(node, zarr.Array), name
        if not isinstance(node, zarr.Array):
            continue
        values, ours = node[...], found[name][...]
        assert ours.shape == values.shape and ours.dtype == values.dtype, (name, ours.dtype, values.dtype)
        assert ours.tobytes() == values.tobytes(), name
        count += 1
    print(f"{count} arrays equal")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "compare":
        compare(*rest)
    else:
        make_mixed(Path(rest[0]))
        make_virtual(Path(rest[0]), rest[1:])
