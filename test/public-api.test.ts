/** Pins the public API: a name that comes, goes or changes its kind is a decision, not an accident. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as kstream from 'kstream'

/** Types have no values to list: that they are there and mean something is checked by compiling this. */
export type PublicTypes = [
  kstream.ArrayCoverage,
  kstream.ArrayMetadata,
  kstream.ArrayRecord,
  kstream.ArrayReport,
  kstream.ArraySummary,
  kstream.Attributes,
  kstream.AttributeValue,
  kstream.Barrier,
  kstream.BarrierKind,
  kstream.BodyOptions,
  kstream.BuildJournal,
  kstream.ByteSource,
  kstream.ChunkBytes,
  kstream.ChunkOptions,
  kstream.ChunkTarget,
  kstream.CodecConfig,
  kstream.Combination,
  kstream.ConcatOptions,
  kstream.CooMap,
  kstream.CooMapEntry,
  kstream.CoordinateInput,
  kstream.CoordinateValue,
  kstream.Coverage,
  kstream.DataType,
  kstream.DataTypeField,
  kstream.DimensionReport,
  kstream.EraReport,
  kstream.ErrorCode,
  kstream.FileListOptions,
  kstream.FillValue,
  kstream.Footer,
  kstream.GroupMetadata,
  kstream.Header,
  kstream.HeaderChange,
  kstream.InlineOptions,
  kstream.InputValues,
  kstream.Journal,
  kstream.JournalOptions,
  kstream.JsonArraySummary,
  kstream.JsonSummary,
  kstream.JsonSummaryOptions,
  kstream.OpenParquetSetOptions,
  kstream.OpenSource,
  kstream.Outcome,
  kstream.PathRewrite,
  kstream.PlanReport,
  kstream.PreprocessInput,
  kstream.ReadOptions,
  kstream.Reference,
  kstream.ReferenceBatch,
  kstream.ReferenceSet,
  kstream.ReferenceStore,
  kstream.ScanOptions,
  kstream.Selection,
  kstream.SetCoverage,
  kstream.SetEvent,
  kstream.SetSummary,
  kstream.Sink<kstream.WriteReport>,
  kstream.Skipped,
  kstream.SourceInfo,
  kstream.Stage,
  kstream.StageContext,
  kstream.Target,
  kstream.WriteParquetOptions,
  kstream.WriteProgress,
]

const VALUES = {
  FormatError: 'class',
  INLINE: 'number',
  INLINE_LIMIT: 'number',
  KStreamError: 'class',
  PLAN_REPORT_SCHEMA: 'object',
  PlanError: 'class',
  SourceError: 'class',
  Tally: 'class',
  UnsupportedError: 'class',
  UsageError: 'class',
  WriteError: 'class',
  asStream: 'function',
  checkTarget: 'function',
  chunkCoordinates: 'function',
  chunkCount: 'function',
  chunkKey: 'function',
  compose: 'function',
  concat: 'function',
  detectJson: 'function',
  events: 'function',
  fileList: 'function',
  gridShape: 'function',
  group: 'function',
  inferConcatDim: 'function',
  inline: 'function',
  isKStreamError: 'function',
  itemSize: 'function',
  mapReferences: 'function',
  mergeChunks: 'function',
  ndjson: 'function',
  openJournal: 'function',
  openParquetSet: 'function',
  openSource: 'function',
  planSets: 'function',
  preprocess: 'function',
  readJsonSummary: 'function',
  readSetSummary: 'function',
  referenceStore: 'function',
  rename: 'function',
  rewritePaths: 'function',
  rewrittenPath: 'function',
  scan: 'function',
  select: 'function',
  splitChunks: 'function',
  writeParquet: 'function',
}

function kindOf(value: unknown): string {
  return typeof value === 'function' && /^class\b/.test(String(value)) ? 'class' : typeof value
}

test('the public API is this list of names', () => {
  const found = Object.entries(kstream).map(([name, value]) => [name, kindOf(value)])
  assert.deepEqual(Object.fromEntries(found), VALUES)
})

test('errors carry stable codes', () => {
  const at = { url: 'a.nc', offset: 8, structure: 'superblock' }
  const errors = [
    new kstream.FormatError(at, 'broken'),
    new kstream.UnsupportedError('szip', { url: 'a.nc', array: 'temp' }),
    new kstream.SourceError('a.nc', 'no such file'),
    new kstream.PlanError('units differ', { array: 'time', inputs: ['a.nc', 'b.nc'] }),
    new kstream.WriteError('a.parq', 'exists'),
    new kstream.UsageError('no files'),
  ]
  assert.deepEqual(
    errors.map(({ name, code }) => `${name} ${code}`),
    [
      'FormatError ERR_KSTREAM_FORMAT',
      'UnsupportedError ERR_KSTREAM_UNSUPPORTED',
      'SourceError ERR_KSTREAM_SOURCE',
      'PlanError ERR_KSTREAM_PLAN',
      'WriteError ERR_KSTREAM_WRITE',
      'UsageError ERR_KSTREAM_USAGE',
    ],
  )
  for (const error of errors) assert.ok(kstream.isKStreamError(error, error.code))
  assert.equal(errors[0].message, 'a.nc: superblock at byte 8: broken')
})
