/** The sink of kerchunk's JSON: one reference set into one document, written as its references come. */
import type { Writable } from 'node:stream'
import { UnsupportedError, UsageError, WriteError } from '../../errors.ts'
import type { GroupMetadata, Header } from '../../model/metadata.ts'
import { anySignal, type Sink } from '../../stream/stage.ts'
import { CountedBody } from '../counted-body.ts'
import { keyProblem } from '../names.ts'
import { onlySet } from '../only-set.ts'
import { ReferencePaths } from '../reference-paths.ts'
import type { SinkProgress, SinkReport } from '../report.ts'
import { openTextTarget } from '../text-file.ts'
import { allGroups } from '../zmetadata.ts'
import { JsonDocument, type JsonVersion } from './document.ts'

/** How a document is written. */
export interface WriteJsonOptions {
  /** Of kerchunk's specification; 1 by default. */
  readonly version?: JsonVersion | undefined
  /** Replace a reference set in text that is there. */
  readonly overwrite?: boolean | undefined
  /** What becomes of an array that the document cannot express; 'fail' by default. */
  readonly onUnsupported?: 'fail' | 'skip' | undefined
  readonly signal?: AbortSignal | undefined
  /** Called after each batch, without waiting. */
  readonly onProgress?: ((progress: SinkProgress) => void) | undefined
}

/**
 * Writes the one reference set that comes to the file `target`, which appears when it is complete, or to a stream, which
 * stays open. A name that ends with `.gz` or `.zst` is that of a compressed file.
 * The same set gives the same bytes, however each array's references are cut into batches.
 * @throws UsageError where no set comes or fsspec would not take the file for JSON, PlanError where two sets come,
 * WriteError where it cannot be written or breaks the order of references, UnsupportedError for an array that the
 * document could not say.
 */
export function writeJson(target: string | Writable, options: WriteJsonOptions = {}): Sink<SinkReport> {
  const { version = 1 } = options
  if (version !== 0 && version !== 1)
    throw new UsageError(`there is no version ${version} of kerchunk's JSON`)
  if (typeof target === 'string') checkName(target)
  return async (source, context) => {
    const signal = anySignal(options.signal, context?.signal)
    signal?.throwIfAborted()
    const place = await openTextTarget(target, options)
    const set = await onlySet(source, 'writeJson')
    const paths = new ReferencePaths([], () => {})
    const body = new CountedBody(set, {
      ...options,
      signal,
      target: place.name,
      checkPath: (array, path) => {
        paths.check(array, path, false)
        if (version === 1) checkTemplate(array, path)
      },
    })
    const groups = writableGroups(body, set.header, options)
    const document = new JsonDocument(body, groups, version)
    const blocks = async function* () {
      for await (const block of document.blocks()) {
        yield block
        body.bytes = place.bytes
      }
    }
    await place.write(blocks(), signal)
    return body.report(place.bytes)
  }
}

/** fsspec tells JSON from other sets by the path, and takes it apart at '::'. */
function checkName(path: string): void {
  const looksLikeFolder = /(?:parq|parquet|\/)$/.test(path) && !path.includes('.json')
  if (looksLikeFolder) throw new UsageError(`${path}: fsspec would take this name for a Parquet set`)
  if (path.includes('::')) throw new UsageError(`${path}: fsspec takes '::' for a chain of file systems`)
}

/** In version 1 braces stand for templates, whether the document has any or not. */
function checkTemplate(array: string, path: string): void {
  if (!path.includes('{{')) return
  throw new WriteError(array, `points at ${path}, which version 1 takes for a template; write version 0`)
}

/** All groups that the document will have, the root first; arrays whose keys readers would not find are refused. */
function writableGroups(
  body: CountedBody,
  header: Header,
  { onUnsupported }: WriteJsonOptions,
): readonly GroupMetadata[] {
  for (const array of body.arrays) {
    const problem = keyProblem(array.metadata.path)
    if (problem !== undefined) body.refuse(array, problem)
  }
  const kept = body.arrays.filter(({ dropped }) => dropped === undefined)
  const named = header.groups.filter(({ path }) => {
    const problem = path === '' ? undefined : keyProblem(path)
    if (problem === undefined) return true
    if (onUnsupported !== 'skip') {
      const message = `${path}: ${problem}; --on-unsupported skip leaves it out`
      throw new UnsupportedError(problem, { array: path }, message)
    }
    body.note(path, `left out: ${problem}`)
    return false
  })
  const groups = allGroups(
    named,
    kept.map(({ metadata }) => metadata),
  )
  const paths = new Set(groups.map(({ path }) => path))
  const twice = kept.find(({ metadata }) => paths.has(metadata.path))
  if (twice) throw new WriteError(twice.metadata.path, 'two arrays or groups have this path')
  return groups
}
