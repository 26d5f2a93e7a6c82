"""Parquet sets of synthetic arrays, read by everything in Python that reads them.

check_parquet.py prepare DIR   numpy writes the bytes (DIR/*.bin), where they lie (DIR/layout.json) and the values (DIR/values/*.npy)
check_parquet.py large DIR     reads DIR/large.parq, whose rows follow the formulas in `check_large`
check_parquet.py check DIR     reads DIR/<name>.parq for each set of layout.json with fastparquet, pyarrow, fsspec, zarr and xarray
"""
import base64, json, math, os, sys, warnings

import numpy as np

warnings.filterwarnings('ignore')
OPTIONS = {'storage_options': {'remote_protocol': 'file'}}
ATTRIBUTES = {
    'nan': math.nan, 'infinite': [math.inf, -math.inf], 'one': 1, 'float_one': 1.0, 'tiny': 1e-05, 'large': 1e16, 'huge': -1.7976931348623157e308,
    'int64': -9223372036854775806, 'uint64': 18446744073709551615, 'text': 'é \u2028 "quoted" \\ \U0001f30a \x00 /', 'yes': True, 'none': None, 'list': [1, 2.0, 'x'], '': 'no name',
}


def chunks_of(values, chunks):
    """Each chunk in C order, padded at the edges with zeros."""
    grid = [math.ceil(s / c) for s, c in zip(values.shape, chunks)]
    for i in range(math.prod(grid)):
        at = np.unravel_index(i, grid) if grid else ()
        part = values[tuple(slice(a * c, (a + 1) * c) for a, c in zip(at, chunks))]
        full = np.zeros(chunks, values.dtype)
        full[tuple(slice(0, n) for n in part.shape)] = part
        yield i, full.tobytes()


class Files:
    """Bytes go to two files in turn, with a gap before each."""
    def __init__(self, folder, names):
        self.parts = [(os.path.join(folder, name), bytearray(b'head')) for name in names]

    def add(self, turn, data):
        path, content = self.parts[turn % len(self.parts)]
        content += b'gap'
        content += data
        return path, len(content) - len(data), len(data)

    def write(self):
        for path, content in self.parts:
            with open(path, 'wb') as file:
                file.write(content)


def prepare(folder):
    files = Files(folder, ['a.bin', 'odd näme {0} #%20.bin'])
    os.makedirs(os.path.join(folder, 'values'))
    arrays, rng = [], np.random.default_rng(1)

    def add(path, values, chunks, missing=(), inline=(), fill=None, reads=None, codecs=(), **attributes):
        """`reads`: what a missing chunk reads as, where it is not 0."""
        values, rows = np.array(values), []
        grid = [math.ceil(s / c) for s, c in zip(values.shape, chunks)]
        for i, data in chunks_of(values, chunks):
            if missing == 'all' or i in missing:
                at = np.unravel_index(i, grid)
                values[tuple(slice(a * c, (a + 1) * c) for a, c in zip(at, chunks))] = 0 if reads is None else reads
                continue
            for codec in codecs:
                import numcodecs
                data = bytes(numcodecs.get_codec(codec).encode(data))
            rows.append([i, base64.b64encode(data).decode()] if inline == 'all' or i in inline else [i, *files.add(i // 3, data)])
        np.save(os.path.join(folder, 'values', f'{len(arrays)}.npy'), values)
        dtype = values.dtype.descr if values.dtype.names else values.dtype.str
        fill = None if fill is None else base64.b64encode(np.array(fill, values.dtype).tobytes()).decode()
        arrays.append({'path': path, 'dtype': dtype, 'shape': values.shape, 'chunks': list(chunks), 'attributes': attributes, 'fill': fill, 'codecs': list(codecs), 'rows': rows})

    cube = rng.normal(size=(5, 7, 9)).astype('<f4')
    add('temp', cube, (2, 3, 4), **ATTRIBUTES)
    add('gappy', np.arange(1, 201, dtype='<i2'), (10,), missing=range(3, 12))
    add('unsaid', np.arange(1, 101, dtype='>i4'), (10,), missing=[0, 9], fill=77, reads=77)
    add('filled', cube, (2, 3, 4), missing=[5, 6, 30], fill=np.float32(-1e20), reads=np.float32(-1e20), _FillValue=float(np.float32(-1e20)))
    add('nan_fill', cube.astype('<f8'), (2, 3, 4), missing=[5], fill=math.nan, reads=math.nan, _FillValue=math.nan)
    packed = [{'id': 'shuffle', 'elementsize': 4}, {'id': 'zlib', 'level': 1}]
    add('conflict', cube, (2, 3, 4), missing=[0, 7, 8, 35], fill=5, reads=5, codecs=packed, _FillValue=-1.0)
    add('conflict_plain', np.arange(1, 41, dtype='<i8'), (4,), missing=[1, 9], fill=2**62 + 1, reads=2**62 + 1, _FillValue=2**62)
    add('inlined', rng.normal(size=40), (4,), inline='all')
    add('inlined_gaps', rng.normal(size=40), (4,), inline='all', missing=[2, 3])
    add('mixed', rng.normal(size=40), (4,), inline=[1, 5, 6], missing=[2])
    add('zeros', np.zeros(40, 'u1'), (4,), inline=[0, 9])
    add('mark', np.frombuffer(b'base64:AAAAbase64:base64: ===', 'u1'), (7,), inline='all')
    add('scalar', np.array(2**53 + 1, '<i8'), ())
    add('scalar_inlined', np.array(-1, '<i8'), (), inline='all')
    add('nothing', np.zeros((0, 3), '<f4'), (1, 3))
    add('sparse', np.zeros(3000, 'u1'), (1,), missing='all')
    add('end', np.arange(1, 31, dtype='u1'), (1,), missing=range(0, 29))
    add('flag', np.array([True, False, True]), (2,))
    add('complex', rng.normal(size=6) + 1j, (4,))
    add('half', rng.normal(size=6).astype('>f2'), (4,), missing=[1], fill=1.5, reads=1.5)
    add('text', np.array([b'abc', b'', b'de'], 'S3'), (2,), missing=[1], fill=b'zz', reads=b'zz')
    add('record', np.array([(1, 2.5), (3, -1)], [('a', '<i4'), ('b', '<f8')]), (1,))
    add('g/h/deep', cube, (2, 3, 4))
    add('g/ocean temp.2 (é)', np.arange(9, dtype='<i2'), (2,))
    add('G/deep', np.arange(9, dtype='<i2'), (2,))
    files.write()
    with open(os.path.join(folder, 'layout.json'), 'w') as file:
        json.dump({'arrays': arrays, 'attributes': ATTRIBUTES}, file)


def same(a, b):
    """Equal in value and type, NaN being NaN."""
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def check_shards(root, record_size, array, engine_name):
    """The rows that an engine reads, against the layout."""
    import pandas as pd
    import pyarrow.parquet as pq
    rows = {row[0]: row[1:] for row in array['rows']}
    count = math.prod(math.ceil(s / c) for s, c in zip(array['shape'], array['chunks']))
    # Where the attribute does not say the fill value, the few missing chunks are written out.
    filled = array['fill'] is not None and array['path'] not in ('filled', 'nan_fill')
    for shard in range(math.ceil(count / record_size)):
        span = range(shard * record_size, min(count, (shard + 1) * record_size))
        path = os.path.join(root, array['path'], f'refs.{shard}.parq')
        if not filled and not any(i in rows for i in span):
            assert not os.path.exists(path), path
            continue
        if engine_name == 'fastparquet':
            frame = pd.read_parquet(path, engine='fastparquet')
            columns = {name: frame[name].to_numpy(copy=True) for name in frame.columns}
            assert columns['offset'].dtype == 'int64' and columns['size'].dtype in ('int32', 'int64'), path
        else:
            columns = pq.read_table(path).to_pydict()
        assert list(columns) == ['path', 'offset', 'size', 'raw'], path
        assert len(columns['path']) == len(span), (path, len(columns['path']))
        for row, i in enumerate(span):
            got = [columns[name][row] for name in columns]
            want = rows.get(i)
            if want is None:
                assert got[:3] == [None, 0, 0] and (filled or got[3] is None), (path, row, got)
            elif len(want) == 3:
                assert got == [*want, None], (path, row, got, want)
            else:
                raw = base64.b64decode(want[0])
                assert got[:3] == [None, 0, 0], (path, row, got)
                assert got[3] == (b'base64:' + base64.b64encode(raw) if raw.startswith(b'base64:') else raw), (path, row, got)


def check_set(folder, name, layout):
    import fsspec, xarray as xr, zarr
    from fsspec.implementations.reference import LazyReferenceMapper
    root = os.path.join(folder, name)
    with open(os.path.join(root, '.zmetadata')) as file:
        record_size = json.load(file)['record_size']
    for engine in ('fastparquet', 'pyarrow'):
        for array in layout['arrays']:
            check_shards(root, record_size, array, engine)
    fs = fsspec.filesystem('reference', fo=root, remote_protocol='file', asynchronous=True)
    group = zarr.open_group(zarr.storage.FsspecStore(fs, read_only=True), mode='r', zarr_format=2)
    assert all(same(group.attrs[key], value) for key, value in layout['attributes'].items()), dict(group.attrs)
    for number, array in enumerate(layout['arrays']):
        values = np.load(os.path.join(folder, 'values', f'{number}.npy'))
        opened = group[array['path']]
        np.testing.assert_array_equal(opened[...], values, err_msg=f"{name} {array['path']}")
        assert opened.dtype == values.dtype, array['path']
        got = dict(opened.attrs)
        assert got.pop('_ARRAY_DIMENSIONS') == [f'x{n}' for n in array['shape']], array['path']
        assert got.keys() == array['attributes'].keys() and all(same(got[key], array['attributes'][key]) for key in got), (array['path'], got)
    for inner, prefix in (('', ''), ('/g', 'g/'), ('/g/h', 'g/h/'), ('/G', 'G/')):
        dataset = xr.open_dataset(root + inner, engine='kerchunk', backend_kwargs=OPTIONS, mask_and_scale=False, decode_times=False)
        mine = {a['path'][len(prefix):]: n for n, a in enumerate(layout['arrays']) if a['path'].startswith(prefix) and '/' not in a['path'][len(prefix):]}
        assert set(dataset.variables) == set(mine), (inner, set(dataset.variables) ^ set(mine))
        for variable, number in mine.items():
            values = np.load(os.path.join(folder, 'values', f'{number}.npy'))
            np.testing.assert_array_equal(dataset[variable].values, values, err_msg=f'{inner} {variable}')
    masked = xr.open_dataset(root, engine='kerchunk', backend_kwargs=OPTIONS)
    values = np.load(os.path.join(folder, 'values', '3.npy'))
    np.testing.assert_array_equal(masked['filled'].values, np.where(values == np.float32(-1e20), np.nan, values))
    assert not np.isnan(masked['gappy'].values.astype('f8')).any() and not np.isnan(masked['zeros'].values.astype('f8')).any()
    assert masked['conflict'].values[0, 0, 0] == 5
    mapper, other = LazyReferenceMapper(root), LazyReferenceMapper(root, engine='pyarrow')
    for array in layout['arrays']:
        chunks = math.prod(math.ceil(s / c) for s, c in zip(array['shape'], array['chunks']))
        if len(array['rows']) == chunks and chunks and array['path'] != 'mixed':
            for key in mapper._keys_in_field(array['path']):
                assert mapper[key] == other[key], (key, mapper[key], other[key])
    for path in ('temp', 'mixed', 'inlined', 'inlined_gaps', 'zeros'):
        assert mapper.ls(path), path


def check_large(root):
    """Shards of many rows: bit-packed and repeated paths, dictionary and plain sizes of 32 and 64 bits, nulls, inlined bytes."""
    import pandas as pd
    import pyarrow.parquet as pq
    n, record_size = 250_000, 100_000
    i = np.arange(n, dtype='i8')
    missing, raw = i % 13 == 5, i % 1000 == 1
    paths = {'few': i * 7919 % 300, 'many': i // 50_000, 'wide': i}
    sizes = {'few': 500 + i * 31 % 1024, 'many': i * 2654435761 % 2**33, 'wide': i * 40503 % 2**31}
    for name in paths:
        for shard in range(3):
            path = os.path.join(root, name, f'refs.{shard}.parq')
            span = slice(shard * record_size, (shard + 1) * record_size)
            absent = (missing | raw)[span]
            want = {
                'path': [None if a else f'/data/file {p} é.nc' for a, p in zip(absent, paths[name][span])],
                'offset': np.where(absent, 0, (i * 104729 * 1000)[span]),
                'size': np.where(absent, 0, sizes[name][span]),
                'raw': [bytes([k % 256] * (k // 1000 % 5)) if r and not m else None for k, r, m in zip(i[span].tolist(), raw[span], missing[span])],
            }
            frame = pd.read_parquet(path, engine='fastparquet')
            table = pq.read_table(path)
            for column, expected in want.items():
                expected = expected if isinstance(expected, list) else expected.tolist()
                assert frame[column].to_numpy(copy=True).tolist() == expected, (path, column, 'fastparquet')
                assert table[column].to_pylist() == expected, (path, column, 'pyarrow')


def main():
    command, folder = sys.argv[1:]
    if command == 'prepare':
        return prepare(folder)
    if command == 'large':
        return check_large(os.path.join(folder, 'large.parq'))
    with open(os.path.join(folder, 'layout.json')) as file:
        layout = json.load(file)
    for name in sorted(name for name in os.listdir(folder) if name.endswith('.parq')):
        check_set(folder, name, layout)
        print(name, 'reads right')


if __name__ == "__main__":
    main()
