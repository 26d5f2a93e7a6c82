/** A plan of many files that do not fit, as the library would report it. */
import type { ArrayReport, Barrier, PlanReport } from '../../lib/index.ts'

const MEMBERS = 10_000

function barrier(array: string): Barrier {
  return {
    kind: 'codecs',
    array,
    subject: 'the list of codecs',
    inputs: ['/d/00000.nc', '/d/05433.nc'],
    values: [[{ id: 'zlib' }], [{ id: 'zlib' }, { id: 'fletcher32' }]],
    files: [5433, 1],
    advice: 'rewrite one of them',
  }
}

function array(path: string): ArrayReport {
  return {
    path,
    dims: ['time', 'y', 'x'],
    shape: [MEMBERS, 100, 200],
    chunkShape: [1, 100, 200],
    dataType: '<f4',
    codecs: ['shuffle', 'zlib'],
    role: 'referenced',
    chunks: MEMBERS,
    inputs: MEMBERS,
  }
}

/** Forty arrays, hundreds of barriers, eras and files left out. */
export function largeReport(): PlanReport {
  const paths = Array.from({ length: 40 }, (_, index) => `variable_${index}`)
  const attributes = Array.from({ length: 300 }, (_, index): Barrier => {
    const units: Barrier = { ...barrier('sst'), kind: 'attribute', subject: 'units', files: [1, 1] }
    return { ...units, values: ['K', `degC ${index}`] }
  })
  return {
    inputs: MEMBERS,
    order: {
      by: 'coordinate',
      reason: 'by the values of time, ascending',
      first: '/d/00000.nc',
      last: '/d/09999.nc',
      moved: 12,
    },
    dimensions: [
      {
        name: 'time',
        size: MEMBERS,
        joined: true,
        coordinate: { from: 'cf:time', first: 0.5, last: 9999.5, units: 'days since 1958-01-01' },
      },
      { name: 'y', size: 100, joined: false },
    ],
    arrays: [
      ...paths.map(array),
      { ...array('time'), role: 'gathered' },
      { ...array('y'), role: 'once', chunks: 1 },
    ],
    cells: 12_000,
    emptyCells: 2000,
    emptyExamples: ['time=3, member=r2', 'time=4, member=r2'],
    references: 400_000,
    inlined: 3,
    estimatedBytes: 4_000_000,
    readerBytes: 2_000_000,
    barriers: [...paths.map(barrier), ...attributes],
    eras: Array.from({ length: 100 }, (_, index) => ({
      name: `era_${index}`,
      inputs: 100,
      first: `/d/${index}00.nc`,
      last: `/d/${index}99.nc`,
    })),
    leftOut: Array.from({ length: 500 }, (_, index) => ({ input: `/odd/${index}.nc`, reason: 'odd' })),
    skipped: [{ path: 'names', reason: 'strings' }],
    notes: [{ path: '', reason: 'a note' }],
  }
}

/** One file, nothing in the way. */
export function smallReport(): PlanReport {
  return {
    ...largeReport(),
    inputs: 1,
    order: { by: 'list', reason: 'in the order of the list', first: '/d/a.nc', last: '/d/a.nc', moved: 0 },
    arrays: [array('temp')],
    cells: 1,
    emptyCells: 0,
    emptyExamples: [],
    barriers: [],
    eras: [{ name: 'era_0', inputs: 1, first: '/d/a.nc', last: '/d/a.nc' }],
    leftOut: [],
    skipped: [],
    notes: [],
  }
}
