/** A build of real files that was cut off, gone on with: the same bytes, and nothing read twice but what was in flight. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { SourceError } from '../lib/errors.ts'
import type { CooMap } from '../lib/plan/coordinate-source.ts'
import { scan } from '../lib/scan.ts'
import type { ByteSource, OpenSource } from '../lib/source/byte-source.ts'
import { openSource } from '../lib/source/open.ts'
import { concat } from '../lib/transform/concat.ts'
import { openJournal } from '../lib/write/journal.ts'
import { writeParquet } from '../lib/write/parquet/sink.ts'
import { writeModelFiles } from './model-files.ts'
import { filesBelow } from './write/scratch.ts'

const FILES = 24
/** Headers, values and bodies that are under way at a time. */
const IN_FLIGHT = 4

/** Reads by file; the read after `limit` of them fails as a network does. */
class Reads {
  readonly byFile = new Map<string, number>()
  total = 0
  readonly #limit: number

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit
  }

  readonly open: OpenSource = async (url, options) => {
    const source = await openSource(url, options)
    const read: ByteSource['read'] = (offset, length, readOptions) => {
      if (++this.total > this.#limit) throw new SourceError(url, 'the connection was lost')
      this.byFile.set(url, (this.byFile.get(url) ?? 0) + 1)
      return source.read(offset, length, readOptions)
    }
    return { url: source.url, size: source.size, info: source.info, read, close: () => source.close() }
  }
}

async function build(
  files: readonly string[],
  output: string,
  reads: Reads,
  resume: boolean,
  { dims = ['time'], cooMap = {} }: { dims?: string[]; cooMap?: CooMap } = {},
): Promise<void> {
  const journal = await openJournal(output, { resume, key: 'a test' })
  try {
    const { open } = reads
    const sets = concat(dims, { open, journal, cooMap })(scan(files, { open, journal }))
    await writeParquet(output, { journal, recordSize: 20 })(sets)
  } catch (error) {
    await journal.close(error)
    throw error
  }
}

/** Cuts builds off at every so many reads, and goes on with each. */
async function checkCuts(folder: string, files: readonly string[], step: number): Promise<void> {
  const whole = new Reads()
  await build(files, join(folder, 'whole.parq'), whole, false)
  const expected = filesBelow(join(folder, 'whole.parq'))
  // A file whose references are still to be read is opened for them, and its header with it: one read more each.
  const most = IN_FLIGHT * Math.max(...whole.byFile.values()) + FILES
  for (let limit = 3; limit < whole.total; limit += step) {
    const output = join(folder, `cut-${limit}.parq`)
    await assert.rejects(build(files, output, new Reads(limit), false), /connection was lost/)
    const second = new Reads()
    await build(files, output, second, true)
    assert.deepEqual(filesBelow(output), expected, `cut off at read ${limit}`)
    const again = limit + second.total - whole.total
    assert.ok(again <= most, `${again} reads again after ${limit} of ${whole.total}`)
  }
}

describe('a build that was cut off', () => {
  let folder = ''
  let files: string[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kstream-resume-'))
    files = await writeModelFiles(folder, FILES)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('ends with the same bytes, and reads again only the files in flight', async () => {
    await checkCuts(folder, files, 13)
  })

  it('so too along an axis that is not the first, where rows have to be sorted', async () => {
    const own = await mkdtemp(join(folder, 'sorted'))
    const names = await writeModelFiles(own, FILES, { axes: ['lat', 'time', 'lon'] })
    await checkCuts(own, names, 17)
  })

  it('begins anew where a function gives other values in the same places', async () => {
    const some = files.slice(0, 6)
    const place = (name: string) => Number(/(\d+)\.nc/.exec(name)?.[1])
    const run = (output: string, factor: number, reads: Reads, resume: boolean) =>
      build(some, join(folder, output), reads, resume, {
        dims: ['run', 'time'],
        cooMap: { run: ({ name }) => factor * place(name) },
      })
    const reads = new Reads()
    await run('runs.parq', 2, reads, false)
    await assert.rejects(run('runs-cut.parq', 1, new Reads(reads.total - 2), false), /connection was lost/)
    await run('runs-cut.parq', 2, new Reads(), true)
    assert.deepEqual(filesBelow(join(folder, 'runs-cut.parq')), filesBelow(join(folder, 'runs.parq')))
  })

  it('begins anew where the files have changed meanwhile', async () => {
    const output = join(folder, 'changed.parq')
    const changed = join(folder, 'changed')
    const own = await mkdtemp(changed)
    const names = await writeModelFiles(own, 6)
    await assert.rejects(build(names, output, new Reads(40), false), /connection was lost/)
    await writeModelFiles(own, 6, { days: 3 })
    await build(names, output, new Reads(), true)
    const fresh = join(folder, 'fresh.parq')
    await build(names, fresh, new Reads(), false)
    assert.deepEqual(filesBelow(output), filesBelow(fresh))
  })
})
