/**
 * A process to be killed: builds the set of test/write/journalled-set.ts, going on with what is there, and dies of SIGKILL
 * at the operation of the file system with this number: before it, after it, or in the middle of what it writes.
 * Arguments: path, generation, parts, file for events, number of the operation (0: none), before | after | torn, bytes
 * of a chunk that a shard takes inline.
 */
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { openJournal } from '../../lib/write/journal.ts'
import { writeParquet } from '../../lib/write/parquet/sink.ts'
import { journalledSet } from './journalled-set.ts'
import { streamOf } from './synthetic.ts'

const [path = '', generation = '', parts = '', events = '', number = '', mode = '', inlineLimit = ''] =
  process.argv.slice(2)
const append = fs.appendFileSync
let operations = 0

function die(): void {
  process.kill(process.pid, 'SIGKILL')
  // The signal comes at once, but nothing may happen in between.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** Counts the calls of a function; `half` does half of what one is asked for. */
function counted<A extends unknown[], R>(call: (...args: A) => R, half?: (...args: A) => void) {
  return (...args: A): R => {
    operations++
    const chosen = operations === Number(number)
    if (chosen && mode === 'before') die()
    if (chosen && mode === 'torn') {
      half?.(...args)
      die()
    }
    const result = call(...args)
    if (chosen && result instanceof Promise) return result.finally(die) as R
    if (chosen) die()
    return result
  }
}

const { writeSync, writeFileSync } = fs
const tornWrite = (file: number, data: Uint8Array) => void writeSync(file, data.subarray(0, data.length >> 1))
fs.writeSync = counted<[number, Uint8Array], number>(writeSync, tornWrite) as typeof writeSync
fs.renameSync = counted(fs.renameSync)
fs.rmSync = counted(fs.rmSync)
promises.writeFile = counted(promises.writeFile, (file, data, options) => {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Uint8Array)
  const isAdded = typeof options === 'object' && options?.flag === 'a'
  writeFileSync(file as string, bytes.subarray(0, bytes.length >> 1), { flag: isAdded ? 'a' : 'w' })
}) as typeof promises.writeFile
promises.truncate = counted(promises.truncate)
promises.rename = counted(promises.rename)
promises.mkdir = counted(promises.mkdir) as typeof promises.mkdir
promises.rm = counted(promises.rm)
promises.link = counted(promises.link)
syncBuiltinESMExports()

const journal = await openJournal(path, { resume: true, key: 'the same' })
await journal.begin(`generation ${generation}`)
const set = journalledSet({
  parts: Number(parts),
  journal,
  generation: Number(generation),
  onEvent: (event, part) => append(events, `${event} ${part}\n`),
})
const report = await writeParquet(path, {
  journal,
  overwrite: true,
  recordSize: 7,
  inlineLimit: Number(inlineLimit),
  onUnsupported: 'skip',
})(streamOf(set))
append(events, `${report.unchanged ? 'unchanged' : 'written'} ${operations}\n`)
