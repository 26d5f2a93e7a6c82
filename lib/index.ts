/** The public API, name by name; `test/public-api.test.ts` pins the list. */
export {
  type ErrorCode,
  FormatError,
  isKStreamError,
  KStreamError,
  PlanError,
  SourceError,
  UnsupportedError,
  UsageError,
  WriteError,
} from './errors.ts'
export type { IcechunkVersion } from './format/icechunk/repository.ts'
export { detectFileFormat, type InputFormat } from './format/input.ts'
export {
  type JsonArraySummary,
  type JsonSummary,
  type JsonSummaryOptions,
  readJsonSummary,
} from './format/kerchunk-json/summary.ts'
export { type OpenParquetSetOptions, openParquetSet } from './format/kerchunk-parquet/index.ts'
export type { ArrayRecord } from './format/kerchunk-parquet/record-line.ts'
export {
  type ArraySummary,
  readSetSummary,
  type SetSummary,
} from './format/kerchunk-parquet/summary.ts'
export type { BuildJournal, InputValues } from './model/build-journal.ts'
export { chunkCoordinates, chunkCount, chunkKey, gridShape } from './model/chunk-grid.ts'
export { type DataType, type DataTypeField, itemSize } from './model/data-type.ts'
export type {
  ArrayMetadata,
  Attributes,
  AttributeValue,
  CodecConfig,
  FillValue,
  GroupMetadata,
  Header,
  Skipped,
} from './model/metadata.ts'
export {
  type Coverage,
  type Footer,
  INLINE,
  type Outcome,
  type ReferenceBatch,
} from './model/reference-batch.ts'
export type { BodyOptions, ReferenceSet, SourceInfo } from './model/reference-set.ts'
export type { Barrier, BarrierKind } from './plan/barriers.ts'
export type { ChunkTarget } from './plan/chunk-request.ts'
export { inferConcatDim } from './plan/concat-dim.ts'
export type { CooMap, CooMapEntry, CoordinateInput, CoordinateValue } from './plan/coordinate-source.ts'
export type { ArrayReport, DimensionReport, EraReport, PlanReport } from './plan/plan-report.ts'
export { PLAN_REPORT_SCHEMA } from './plan/plan-report-schema.ts'
export { type ScanOptions, scan } from './scan.ts'
export type { ByteSource, OpenSource, ReadOptions } from './source/byte-source.ts'
export { openSource } from './source/open.ts'
export { Tally } from './source/tally.ts'
export { type ReferenceStore, referenceStore } from './store/reference-store.ts'
export { asStream } from './stream/as-stream.ts'
export { compose } from './stream/compose.ts'
export { events, type SetEvent } from './stream/events.ts'
export { type FileListOptions, fileList } from './stream/file-list.ts'
export type { Sink, Stage, StageContext } from './stream/stage.ts'
export { concat } from './transform/concat.ts'
export { group } from './transform/group.ts'
export { type InlineOptions, inline } from './transform/inline.ts'
export { type ChunkBytes, mapReferences, type Reference } from './transform/map-references.ts'
export { mergeChunks } from './transform/merge-chunks.ts'
export { type Combination, type ConcatOptions, planSets } from './transform/plan-sets.ts'
export { type HeaderChange, type PreprocessInput, preprocess } from './transform/preprocess.ts'
export { rename } from './transform/rename.ts'
export { type PathRewrite, rewritePaths, rewrittenPath } from './transform/rewrite-paths.ts'
export { type Selection, select } from './transform/select.ts'
export { type ChunkOptions, splitChunks } from './transform/split-chunks.ts'
export type { IcechunkReport, WriteIcechunkOptions } from './write/icechunk/report.ts'
export { writeIcechunk } from './write/icechunk/sink.ts'
export { type Journal, type JournalOptions, openJournal } from './write/journal.ts'
export { type WriteJsonOptions, writeJson } from './write/json/sink.ts'
export { ndjson } from './write/ndjson.ts'
export {
  INLINE_LIMIT,
  type WriteParquetOptions,
  type WriteProgress,
  type WriteReport,
} from './write/parquet/report.ts'
export { writeParquet } from './write/parquet/sink.ts'
export { checkTarget, type Target } from './write/publish.ts'
export type { ArrayCoverage, SetCoverage } from './write/records.ts'
export type { SinkProgress, SinkReport } from './write/report.ts'
export { type WriteNdjsonOptions, writeNdjson } from './write/write-ndjson.ts'
