"""Run a peer on the same work and print seconds, peak memory and CPU seconds (children included), one line a stage.

peers.py kerchunk FILES... --out DIR       scan (2 processes), combine to JSON, JSON to Parquet
peers.py virtualizarr FILES... --out DIR   scan and combine, to Parquet
peers.py open REFS                         xarray opens a reference set, reads one value, then the mean of sst over the grid
"""
import argparse, json, os, resource, shutil, sys, time, warnings

warnings.filterwarnings('ignore')
p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument('peer', choices=['kerchunk', 'virtualizarr', 'open'])
p.add_argument('inputs', nargs='+')
p.add_argument('--out', default='peer-out')


def rss(who=resource.RUSAGE_SELF):
    return round(resource.getrusage(who).ru_maxrss / 1024)


def cpu():
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


class stage:
    def __init__(self, name): self.name = name
    def __enter__(self): self.t, self.c = time.time(), cpu()
    def __exit__(self, *e): print(f'{self.name}\t{time.time() - self.t:.2f} s\t{max(rss(), rss(resource.RUSAGE_CHILDREN))} MB\t{cpu() - self.c:.2f} CPU s', flush=True)


def scan_to_json(job):
    from kerchunk.hdf import SingleHdf5ToZarr
    f, out = job
    with open(out, 'w') as h:
        json.dump(SingleHdf5ToZarr(f, f).translate(), h)


def kerchunk(files, out):
    from multiprocessing import Pool
    from kerchunk.combine import MultiZarrToZarr
    from kerchunk.df import refs_to_dataframe
    os.makedirs(out, exist_ok=True)
    js = [os.path.join(out, os.path.basename(f) + '.json') for f in files]
    with stage('scan (2 processes)'), Pool(2) as pool:
        pool.map(scan_to_json, zip(files, js), chunksize=1)
    with stage('combine to JSON'):
        MultiZarrToZarr(js, concat_dims=['time'], identical_dims=['xt_ocean', 'yt_ocean', 'st_ocean']).translate(out + '/combined.json')
    shutil.rmtree(out + '/combined.parq', ignore_errors=True)
    with stage('JSON to Parquet'):
        refs_to_dataframe(out + '/combined.json', out + '/combined.parq', record_size=100000)


def registry():
    from obspec_utils.registry import ObjectStoreRegistry
    from obstore.store import LocalStore
    return ObjectStoreRegistry({'file://': LocalStore()})


def virtualizarr(files, out):
    from virtualizarr import open_virtual_mfdataset
    from virtualizarr.parsers import HDFParser
    with stage('scan and combine'):
        v = open_virtual_mfdataset(['file://' + os.path.abspath(f) for f in files], registry=registry(), parser=HDFParser(), combine='nested', concat_dim='time',
                                   loadable_variables=['time', 'st_ocean', 'yt_ocean', 'xt_ocean'], data_vars='minimal', coords='minimal', compat='override')
    v = v.vz if hasattr(v, 'vz') else v.virtualize
    shutil.rmtree(out + '.parq', ignore_errors=True)
    with stage('to Parquet'):
        v.to_kerchunk(out + '.parq', format='parquet')


def open_refs(refs):
    import xarray as xr
    with stage('open'):
        ds = xr.open_dataset(refs, engine='kerchunk', backend_kwargs={'storage_options': {'remote_protocol': 'file'}}, decode_times=False, chunks=None)
    with stage('first value'):
        ds['sst'][0].mean().values
    with stage('mean of sst over the grid'):
        print(float(ds['sst'].mean(['xt_ocean', 'yt_ocean']).values.mean()))


if __name__ == '__main__':
    a = p.parse_args()
    if a.peer == 'open': open_refs(a.inputs[0])
    elif a.peer == 'kerchunk': kerchunk(a.inputs, a.out)
    else: virtualizarr(a.inputs, a.out)
