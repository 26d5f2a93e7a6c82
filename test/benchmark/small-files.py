"""Write N small netCDF-4 files as models and observations produce them: one day each, a few variables, 20 to 50 kB.

netCDF4 writes one template; each file is a copy in which h5py replaces what differs: time, time_bnds, one corner of a variable,
and the attribute `history`. Every day of the list follows the one before, so that all files combine along time.

small-files.py OUT [--files 10000] [--first 0]
"""
import argparse, os, shutil
import h5py, netCDF4, numpy as np

NY, NX = 36, 72
UNITS = 'days since 1990-01-01 00:00:00'
FILL = np.float32(1e20)


def write_template(path):
    """One day of three variables, deflated and shuffled, with the attributes that CF files carry."""
    rng = np.random.default_rng(1)
    with netCDF4.Dataset(path, 'w') as d:
        for name, size in (('time', None), ('lat', NY), ('lon', NX), ('bnds', 2)):
            d.createDimension(name, size)
        axis = lambda name, **attrs: variable(d, name, 'f8', (name,), **attrs)
        axis('time', standard_name='time', units=UNITS, calendar='standard', axis='T', bounds='time_bnds')[0] = 0
        axis('lat', standard_name='latitude', units='degrees_north', axis='Y')[:] = np.linspace(-89, 89, NY)
        axis('lon', standard_name='longitude', units='degrees_east', axis='X')[:] = np.arange(NX) * 360 / NX
        variable(d, 'time_bnds', 'f8', ('time', 'bnds'))[0] = [0, 1]
        for name, standard, units in (('tas', 'air_temperature', 'K'), ('pr', 'precipitation_flux', 'kg m-2 s-1'),
                                      ('psl', 'air_pressure_at_mean_sea_level', 'Pa')):
            v = variable(d, name, 'f4', ('time', 'lat', 'lon'), zlib=True, complevel=4, shuffle=True, fill_value=FILL, chunksizes=(1, NY, NX),
                         standard_name=standard, long_name=standard.replace('_', ' '), units=units, missing_value=FILL, cell_methods='time: mean')
            v[0] = np.round(280 + rng.random((NY, NX)) * 10, 1)
        d.setncatts({'Conventions': 'CF-1.8', 'title': 'daily means', 'institution': 'an institute', 'source': 'a model, version 3',
                     'references': 'none', 'comment': 'small files as they come', 'frequency': 'day', 'realization_index': np.int32(1)})


def variable(d, name, dtype, dims, zlib=False, complevel=4, shuffle=False, fill_value=None, chunksizes=None, **attrs):
    v = d.createVariable(name, dtype, dims, zlib=zlib, complevel=complevel, shuffle=shuffle, fill_value=fill_value, chunksizes=chunksizes)
    v.setncatts(attrs)
    return v


def write_day(template, path, day):
    shutil.copyfile(template, path)
    with h5py.File(path, 'r+') as h:
        h['time'][0] = day + 0.5
        h['time_bnds'][0] = [day, day + 1]
        h['tas'][0, 0, : NX // 4] = day % 997
        # A fixed length, as h5py writes bytes, and as netCDF4 writes text.
        h.attrs['history'] = np.bytes_(f'2024-03-{1 + day % 28:02d} run {day:06d}: ncks -d time,{day} all.nc day.nc')


if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('out')
    p.add_argument('--files', type=int, default=10000)
    p.add_argument('--first', type=int, default=0)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    template = os.path.join(a.out, 'template')
    write_template(template)
    for day in range(a.first, a.first + a.files):
        write_day(template, os.path.join(a.out, f'day_{day:06d}.nc'), day)
    os.remove(template)
