/** The sink of a conversion, by the format that it makes. */
import {
  type ReferenceSet,
  type Sink,
  type SinkProgress,
  type SinkReport,
  writeIcechunk,
  writeJson,
  writeNdjson,
  writeParquet,
} from '../lib/index.ts'
import type { ConvertOptions } from './convert-options.ts'
import type { Surroundings } from './output.ts'
import { STANDARD } from './set-format.ts'
import { placement } from './stages.ts'

/** What a sink tells; an Icechunk repository also where its references point. */
export interface ConvertReport extends SinkReport {
  readonly containers?: readonly string[]
}

/** @param onProgress is told how far it has come. */
export function setSink(
  options: ConvertOptions,
  { stdout }: Surroundings,
  onProgress: (progress: SinkProgress) => void,
): Sink<ConvertReport, ReferenceSet> {
  const { output, to, overwrite, recordSize, memoryBytes } = options
  const onUnsupported = options.onUnsupported.endsWith('skip') ? 'skip' : 'fail'
  const writing = { overwrite, onUnsupported, onProgress } as const
  const target = output === STANDARD ? stdout : output
  switch (to) {
    case 'parquet':
      return writeParquet(output, { ...writing, ...placement(output, options), recordSize, memoryBytes })
    case 'icechunk':
      return writeIcechunk(output, writing)
    case 'ndjson':
      return writeNdjson(target, writing)
    default:
      return writeJson(target, { ...writing, version: to === 'json-v0' ? 0 : 1 })
  }
}
