/** A set with damaged bytes is read, or refused by name: nothing else is thrown, and no failure is left to nobody. */
import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isKStreamError } from '../../../lib/errors.ts'
import { openParquetSet } from '../../../lib/format/kerchunk-parquet/index.ts'
import { fixture } from '../../fixture.ts'
import { scratchFolder } from '../../write/scratch.ts'

const folder = join(scratchFolder(), 'set')
cpSync(fixture('kerchunk-parquet/tiny'), folder, { recursive: true })

/** Whether the set can be read. */
async function isReadable(): Promise<boolean> {
  try {
    for await (const part of (await openParquetSet(folder)).body()) if (part.kind === 'footer') return true
    return assert.fail('no footer')
  } catch (error) {
    assert.ok(isKStreamError(error), String(error instanceof Error ? error.stack : error))
    return false
  }
}

for (const name of ['temp/refs.0.parq', 'deep/count/refs.0.parq', '.zmetadata']) {
  test(`damage to ${name}`, async (t) => {
    const path = join(folder, name)
    const bytes = readFileSync(path)
    t.after(() => writeFileSync(path, bytes))
    assert.ok(await isReadable())
    let refused = 0
    for (let at = 0; at < bytes.length; at += 11) {
      for (const mask of [0x01, 0xff]) {
        const damaged = Buffer.from(bytes)
        damaged[at] ^= mask
        writeFileSync(path, damaged)
        if (!(await isReadable())) refused++
      }
    }
    assert.ok(refused > 20, `${refused} refused`)
    for (let length = 0; length < bytes.length; length += 29) {
      writeFileSync(path, bytes.subarray(0, length))
      assert.equal(await isReadable(), false, `${length} bytes`)
    }
  })
}
