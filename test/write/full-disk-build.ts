/** Run on a disk of one megabyte, by its path: a set, then a greater one in its place, for which there is no room. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isKStreamError } from '../../lib/errors.ts'
import { openJournal } from '../../lib/write/journal.ts'
import { writeParquet } from '../../lib/write/parquet/sink.ts'
import { filesBelow } from './scratch.ts'
import { type Row, streamOf, syntheticSet } from './synthetic.ts'

const [mounted = '', journalled = ''] = process.argv.slice(2)
const path = join(mounted, 'x.parq')

/** Inlined chunks of a kilobyte that no codec makes smaller. */
function setOf(chunks: number) {
  const rows = Array.from({ length: chunks }, (_, chunk): Row => {
    const raw = new Uint8Array(1024)
    for (let at = 0, state = chunk + 1; at < raw.length; at++) {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + at
      raw[at] = state >>> 11
    }
    return { chunk, raw }
  })
  return streamOf(syntheticSet({ arrays: [{ path: 't', shape: [chunks] }], rows: [rows] }))
}

await writeParquet(path, { recordSize: 100 })(setOf(100))
const before = filesBelow(path)
const journal = journalled === 'without' ? undefined : await openJournal(path, { resume: false, key: '' })
const inlineLimit = journalled === 'with files beside shards' ? 1000 : undefined
try {
  await writeParquet(path, { recordSize: 100, overwrite: true, journal, inlineLimit })(setOf(2000))
} catch (error) {
  if (!isKStreamError(error)) throw error
  process.stdout.write(
    JSON.stringify({
      code: error.code,
      saysWhy: error.message.includes('ENOSPC: no space left on device'),
      sameAsBefore: isDeepStrictEqual(filesBelow(path), before),
      left: readdirSync(mounted),
    }),
  )
}
