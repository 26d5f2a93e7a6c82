"""kerchunk's JSON as Python reads it: fsspec and zarr-python, xarray's kerchunk engine, VirtualiZarr.

check_json.py arrays DIR           every DIR/*.json, .json.gz, .json.zst against the values that check_parquet.py prepared there
check_json.py original JSON FILE   every array against h5py on FILE, and xarray's view against that of its netcdf4 engine
check_json.py virtual JSON         VirtualiZarr's parser: its references are those of JSON (of version 1, the only one that it takes)
"""
import json, os, sys, warnings

import h5py
import hdf5plugin  # noqa: F401  (registers the filters that libhdf5 lacks)
import numpy as np

import originals

warnings.filterwarnings('ignore')
COMPRESSION = {'.gz': 'gzip', '.zst': 'zstd'}


def storage_of(path):
    compression = COMPRESSION.get(os.path.splitext(path)[1])
    return {'remote_protocol': 'file', 'skip_instance_cache': True, **({'target_options': {'compression': compression}} if compression else {})}


def open_zarr(path):
    import fsspec, zarr
    files = fsspec.filesystem('reference', fo=path, asynchronous=True, **storage_of(path))
    return zarr.open_group(zarr.storage.FsspecStore(files, read_only=True), mode='r', zarr_format=2, use_consolidated=False)


def open_xarray(path, **options):
    import xarray as xr
    backend = {'storage_options': storage_of(path), 'open_dataset_options': {'chunks': None}}
    return xr.open_dataset(path, engine='kerchunk', backend_kwargs=backend, **options)


def open_group(path, group):
    """A group as a mapper of its own: zarr-python asks fsspec for "/g", so that `group="g"` finds no array in any JSON, nor says so."""
    import fsspec, xarray as xr
    return xr.open_zarr(fsspec.filesystem('reference', fo=path, **storage_of(path)).get_mapper(group), consolidated=False, zarr_format=2, chunks=None)


def same(a, b):
    """Equal in value and type, NaN being NaN."""
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def check_arrays(folder, name, layout):
    path = os.path.join(folder, name)
    group = open_zarr(path)
    assert all(same(group.attrs[key], value) for key, value in layout['attributes'].items()), dict(group.attrs)
    plain = open_xarray(path, mask_and_scale=False, decode_times=False)
    for number, array in enumerate(layout['arrays']):
        values = np.load(os.path.join(folder, 'values', f'{number}.npy'))
        opened = group[array['path']]
        np.testing.assert_array_equal(opened[...], values, err_msg=f"{name} {array['path']}")
        assert opened.dtype == values.dtype, array['path']
        got = dict(opened.attrs)
        assert got.pop('_ARRAY_DIMENSIONS') == [f'x{n}' for n in array['shape']], array['path']
        assert got.keys() == array['attributes'].keys() and all(same(got[key], array['attributes'][key]) for key in got), (array['path'], got)
        if '/' not in array['path']:
            np.testing.assert_array_equal(plain[array['path']].values, values, err_msg=f"{name} {array['path']}")
    mine = {a['path'] for a in layout['arrays'] if '/' not in a['path']}
    assert set(plain.variables) == mine, set(plain.variables) ^ mine
    for inner in ('g', 'g/h', 'G'):
        mine = {a['path'].rpartition('/')[2] for a in layout['arrays'] if a['path'].rpartition('/')[0] == inner}
        assert set(open_group(path, inner).variables) == mine, inner
    masked = open_xarray(path)
    values = np.load(os.path.join(folder, 'values', '3.npy'))
    np.testing.assert_array_equal(masked['filled'].values, np.where(values == np.float32(-1e20), np.nan, values))
    assert not np.isnan(masked['gappy'].values.astype('f8')).any() and not np.isnan(masked['zeros'].values.astype('f8')).any()
    assert masked['conflict'].values[0, 0, 0] == 5
    print(name, 'reads right')


def check_original(path, original):
    import xarray as xr
    group, count = open_zarr(path), 0
    with h5py.File(original) as file:
        for entry in originals.walk(file):
            if entry.kind != 'array' or entry.alias or originals.is_dimension_only(entry.node):
                continue
            values, got = entry.node[...], group[entry.name_in_set][...]
            assert got.dtype == values.dtype or values.dtype == object, entry.path
            if values.dtype == object:
                values = np.array([v.decode() for v in values.ravel()], object).reshape(values.shape)
            assert got.tobytes() == values.tobytes() or np.array_equal(got, values), entry.path
            count += 1
    for options in ({}, {'mask_and_scale': False}):
        mine, theirs = open_xarray(path, **options), xr.open_dataset(original, engine='netcdf4', **options)
        assert set(mine.variables) == set(theirs.variables), set(mine.variables) ^ set(theirs.variables)
        for variable in theirs.variables:
            np.testing.assert_array_equal(mine[variable].values, theirs[variable].values, err_msg=variable)
            assert mine[variable].dtype == theirs[variable].dtype and mine[variable].dims == theirs[variable].dims, variable
    print(f'{count} arrays are equal')


def check_virtual(path):
    """The parser alone: xarray, which VirtualiZarr then asks, takes no number for the attribute _FillValue of Zarr v3."""
    from obspec_utils.registry import ObjectStoreRegistry
    from obstore.store import LocalStore
    from virtualizarr.parsers import KerchunkJSONParser
    registry = ObjectStoreRegistry({'file://': LocalStore()})
    store = KerchunkJSONParser()(f'file://{os.path.abspath(path)}', registry)
    with open(path) as file:
        refs = json.load(file)['refs']
    arrays = store._group.arrays
    assert set(arrays) == {key.partition('/')[0] for key in refs if key.endswith('/.zarray') and key.count('/') == 1}
    for name, array in arrays.items():
        mine = {key.rpartition('/')[2]: value for key, value in refs.items() if key.startswith(f'{name}/') and '/.z' not in key}
        theirs = {key: [entry['path'].removeprefix('file://'), entry['offset'], entry['length']] for key, entry in array.manifest.dict().items()}
        assert mine and {key: value for key, value in mine.items() if isinstance(value, list)} == theirs, (name, mine, theirs)
        assert list(array.shape) == json.loads(refs[f'{name}/.zarray'])['shape'], name
    print(f'{len(arrays)} arrays have their references')


def main():
    command, path, *rest = sys.argv[1:]
    if command == 'original':
        return check_original(path, *rest)
    if command == 'virtual':
        return check_virtual(path)
    with open(os.path.join(path, 'layout.json')) as file:
        layout = json.load(file)
    for name in sorted(os.listdir(path)):
        if name != 'layout.json' and name.endswith(('.json', '.json.gz', '.json.zst')):
            check_arrays(path, name, layout)


if __name__ == "__main__":
    main()
