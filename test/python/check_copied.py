"""check_copied.py SET: reads a set with copied bytes through fsspec's reference filesystem, zarr and xarray.

Arrays `a` and `g/ä b.1 (x)`: little-endian 32-bit numbers, element i is i * 7919 mod 2^32, chunks 3 and 4 of `a` missing (0).
"""
import os, sys, warnings

import numpy as np

warnings.filterwarnings('ignore')


def expected(count):
    return (np.arange(count, dtype='u8') * 7919 % 2**32).astype('<u4')


def main():
    import fsspec, xarray as xr, zarr
    root = sys.argv[1]
    files = [name for _, _, names in os.walk(root) for name in names if name.startswith('copied.')]
    assert len(files) == 5, files
    fs = fsspec.filesystem('reference', fo=root, remote_protocol='file', asynchronous=True)
    group = zarr.open_group(zarr.storage.FsspecStore(fs, read_only=True), mode='r', zarr_format=2)
    large, named = group['a'], group['g/ä b.1 (x)']
    values = expected(large.shape[0])
    values[3 * large.chunks[0]:5 * large.chunks[0]] = 0
    np.testing.assert_array_equal(large[...], values)
    np.testing.assert_array_equal(named[...], expected(named.shape[0]))
    options = {'storage_options': {'remote_protocol': 'file'}}
    dataset = xr.open_dataset(root, engine='kerchunk', backend_kwargs=options)
    np.testing.assert_array_equal(dataset['a'].values, values)
    one = fsspec.filesystem('reference', fo=root, remote_protocol='file').cat('a/2')
    size = 4 * large.chunks[0]
    assert one == expected(large.shape[0]).tobytes()[2 * size:3 * size]
    print(root, 'reads right')


main()
