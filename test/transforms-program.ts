/**
 * Runs the pipelines of a list of cases: `node transforms-program.js CASES OUTCOMES`, for test/python/transforms.py.
 * CASES is JSON, OUTCOMES gets a line of JSON a case: how far it came, what was refused, and where the bytes are that
 * zarrita reads of each array.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as zarr from 'zarrita'
import {
  type ChunkTarget,
  type CodecConfig,
  chunkCount,
  compose,
  concat,
  gridShape,
  INLINE,
  isKStreamError,
  itemSize,
  mergeChunks,
  openParquetSet,
  openSource,
  type ReferenceSet,
  referenceStore,
  rename,
  type Stage,
  scan,
  select,
  splitChunks,
  type WriteReport,
  writeParquet,
} from '../lib/index.ts'

type Operation =
  | { readonly op: 'split' | 'merge'; readonly target: ChunkTarget }
  | {
      readonly op: 'concat'
      readonly dim: string
      readonly order: 'coordinate' | 'list'
      readonly onMismatch: 'fail' | 'copy'
    }
  | { readonly op: 'select' | 'drop'; readonly arrays: readonly string[] }
  | { readonly op: 'rename'; readonly names: Readonly<Record<string, string>> }

interface Case {
  readonly seed: number
  readonly files: readonly string[]
  readonly operations: readonly Operation[]
  /** Where the set goes, and the bytes of its arrays. */
  readonly output: string
  readonly bytes: string
  readonly recordSize: number
  /** Bytes of a chunk that the shards may hold; others go to files beside them. */
  readonly inlineLimit: number
  /** How many operations each file goes through on its own, into a set; the others are done to these sets. 0: none. */
  readonly staged: number
  /** Whether zarrita reads the set that was written, or the one that flowed into it. */
  readonly reads: 'written' | 'flowing'
}

/** An array as a stage handed it on. */
interface Passed {
  readonly path: string
  readonly dims: readonly string[]
  readonly shape: readonly (number | null)[]
  readonly chunks: readonly number[]
  /** Bytes of an element. */
  readonly item: number
  readonly codecs: readonly CodecConfig[]
}

interface Failure {
  /** Absent where it is none of the library's errors. */
  readonly code?: string
  readonly message: string
}

interface Outcome {
  readonly seed: number
  /** For the scan and for each operation: the arrays of each set that came out of it. */
  readonly passed: readonly (readonly (readonly Passed[])[])[]
  /** For each operation: arrays that it left as they were, and why. */
  readonly left: readonly (readonly [path: string, reason: string])[][]
  readonly error?: Failure
  readonly report?: Pick<WriteReport, 'references' | 'inlined' | 'missing' | 'copiedBytes'>
  /** Arrays of which a part of the body is not that part of the whole. */
  readonly parts?: readonly string[]
  /** Of each array: the file with its bytes as zarrita gives them, or why there is none. */
  readonly arrays?: Readonly<Record<string, string | Failure>>
}

/** Seconds a case may take. */
const PATIENCE = 60

const failureOf = (error: unknown): Failure => {
  if (isKStreamError(error)) return { code: error.code, message: error.message }
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

function stageOf(operation: Operation, onLeft: (path: string, reason: string) => void): Stage {
  switch (operation.op) {
    case 'split':
      return splitChunks(operation.target, { onLeft })
    case 'merge':
      return mergeChunks(operation.target, { onLeft })
    case 'concat':
      return concat(operation.dim, { order: operation.order, onMismatch: operation.onMismatch })
    case 'select':
      return select(operation.arrays)
    case 'drop':
      return select({ drop: operation.arrays })
    case 'rename':
      return rename(operation.names)
  }
}

/** Notes what passes. */
function watch(onSet: (set: ReferenceSet) => void): Stage {
  return async function* (source) {
    for await (const set of source) {
      onSet(set)
      yield set
    }
  }
}

const arraysOf = ({ header }: ReferenceSet): Passed[] =>
  header.arrays.map(({ path, dims, shape, chunkShape, dataType, codecs }) => ({
    path,
    dims,
    shape,
    chunks: chunkShape,
    item: itemSize(dataType),
    codecs,
  }))

/** The bytes of a whole array in this machine's byte order. */
async function bytesOf(root: zarr.Location<zarr.Readable>, path: string): Promise<Uint8Array> {
  const array = await zarr.open.v2(root.resolve(path), { kind: 'array' })
  // zarrita fails on an array without elements, and gives the value of a scalar where this wants its bytes.
  if (array.shape.includes(0)) return new Uint8Array(0)
  const { data } = array.shape.length === 0 ? await array.getChunk([]) : await zarr.get(array)
  if (!('byteOffset' in data)) throw new TypeError(`${path} reads as text`)
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

async function readBack(set: ReferenceSet, folder: string): Promise<Record<string, string | Failure>> {
  const store = referenceStore(set, openSource)
  const found: Record<string, string | Failure> = {}
  await mkdir(folder, { recursive: true })
  try {
    for (const [index, { path }] of set.header.arrays.entries()) {
      const file = join(folder, `${index}.bin`)
      try {
        await writeFile(file, await bytesOf(zarr.root(store), path))
        found[path] = file
      } catch (error) {
        found[path] = failureOf(error)
      }
    }
  } finally {
    await store.close()
  }
  return found
}

/** What a body says of one array's chunks from `from` to before `to`, a line a chunk, and how many are missing. */
async function rowsOf(set: ReferenceSet, array: number, from = 0, to = Number.MAX_SAFE_INTEGER) {
  const rows = new Map<number, string>()
  let missing = -1
  for await (const item of set.body({ arrays: [array], from, to })) {
    if (item.kind === 'footer') missing = item.missing[array]
    else {
      for (let row = 0; row < item.rows; row++) {
        const raw = item.path[row] === INLINE ? item.raw?.[row] : undefined
        const place = [item.paths[item.path[row]], item.offset[row], item.length[row]].join()
        rows.set(item.chunk[row], raw ? Buffer.from(raw).toString('hex') : place)
      }
    }
  }
  return { rows, missing }
}

/** Arrays whose body, read in part, says something else than the whole. */
async function unlikeParts(set: ReferenceSet): Promise<string[]> {
  const unlike: string[] = []
  for (const [index, { path, shape, chunkShape }] of set.header.arrays.entries()) {
    const whole = await rowsOf(set, index)
    const count = chunkCount(gridShape(shape.map(Number), chunkShape))
    for (const [from, to] of [
      [0, Math.ceil(count / 2)],
      [Math.floor(count / 3), Math.ceil((2 * count) / 3)],
      [Math.max(0, count - 1), count],
    ]) {
      const part = await rowsOf(set, index, from, to)
      const expected = [...whole.rows].filter(([chunk]) => chunk >= from && chunk < to)
      const isSame = JSON.stringify([...part.rows]) === JSON.stringify(expected)
      if (!isSame || part.missing !== to - from - expected.length) unlike.push(path)
    }
  }
  return unlike
}

async function run(one: Case): Promise<Outcome> {
  const { seed, operations, recordSize, inlineLimit, staged } = one
  const signal = AbortSignal.timeout(PATIENCE * 1000)
  const passed: Passed[][][] = Array.from({ length: operations.length + 1 }, () => [])
  const left: [string, string][][] = operations.map(() => [])
  let last: ReferenceSet | undefined
  const noting = (place: number) => watch((set) => void passed[place].push(arraysOf(set)))
  const keep = watch((set) => {
    last = set
  })
  try {
    const stages = operations.map((operation, at) => {
      const stage = stageOf(operation, (path, reason) => void left[at].push([path, reason]))
      return compose(stage, noting(at + 1))
    })
    const sink = (path: string) => writeParquet(path, { recordSize, inlineLimit, signal })
    const before = compose(noting(0), ...stages.slice(0, staged))
    const inputs = one.files.map((file, at) => (staged > 0 ? `${one.output}.${at}` : file))
    for (const [at, input] of inputs.entries()) {
      if (staged > 0) await pipeline(scan([one.files[at]]), before, sink(input))
    }
    const flow = staged > 0 ? compose(...stages.slice(staged), keep) : compose(before, ...stages, keep)
    // What flows in a pipeline cannot be read any more when that has ended.
    const [report, set] =
      one.reads === 'flowing'
        ? [await sink(one.output)(flow(scan(inputs))), last]
        : [await pipeline(scan(inputs), flow, sink(one.output)), await openParquetSet(one.output)]
    if (!set?.replayable) throw new TypeError('no set that can be read again')
    const { references, inlined, missing, copiedBytes } = report
    const parts = await unlikeParts(set)
    const arrays = await readBack(set, one.bytes)
    return { seed, passed, left, report: { references, inlined, missing, copiedBytes }, parts, arrays }
  } catch (error) {
    return { seed, passed, left, error: failureOf(error) }
  }
}

const [cases, outcomes] = process.argv.slice(2)
const lines = createWriteStream(outcomes)
for (const one of JSON.parse(await readFile(cases, 'utf8')) as Case[]) {
  lines.write(`${JSON.stringify(await run(one))}\n`)
}
lines.end()
