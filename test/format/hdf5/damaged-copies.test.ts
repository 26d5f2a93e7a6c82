/** Files that need copies, with bytes changed at random: whatever comes is a set, or errors of kstream's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isKStreamError } from '../../../lib/errors.ts'
import { open } from '../../../lib/format/hdf5/index.ts'
import type { ByteSource } from '../../../lib/source/byte-source.ts'
import { openMemory } from '../../../lib/source/memory.ts'
import { wholeRandomFrom } from '../../seeded-random.ts'
import { copiesBytes } from './copies-fixture.ts'

/** Opens and reads everything; gives the outcomes that are no values. */
async function readAll(bytes: Uint8Array): Promise<string[]> {
  const openAgain = async (): Promise<ByteSource> => {
    const memory = openMemory(bytes, 'changed.h5')
    let total = 0
    const read: ByteSource['read'] = (offset, length, options) => {
      total += length
      assert.ok(total < 100e6, `${total} bytes read`)
      return memory.read(offset, length, options)
    }
    return { ...memory, read }
  }
  const set = await open(await openAgain(), openAgain, { onUnsupported: 'skip', copies: true })
  const dropped: string[] = []
  let raw = 0
  for await (const item of set.body()) {
    if (item.kind === 'batch') for (const chunk of item.raw ?? []) raw += chunk?.length ?? 0
    else
      dropped.push(
        ...item.coverage.arrays.flatMap(({ outcome, reason }) =>
          outcome === 'skipped' ? (reason ?? '') : [],
        ),
      )
  }
  assert.ok(raw < 100e6, `${raw} bytes copied`)
  return dropped
}

for (const [name, runs] of [
  ['filters.h5', 12],
  ['masks.h5', 40],
  ['structures.h5', 150],
] as const) {
  test(`${name}, changed`, async () => {
    const original = copiesBytes(name)
    const random = wholeRandomFrom(original.length)
    const untouched = (await readAll(original)).length
    let failed = 0
    for (let run = 0; run < runs; run++) {
      const bytes = original.slice()
      for (let i = original.length / 400; i > 0; i--) bytes[random(bytes.length)] = random(256)
      try {
        if ((await readAll(bytes)).length > untouched) failed++
      } catch (error) {
        failed++
        assert.ok(isKStreamError(error), `run ${run}: ${(error as Error).stack}`)
      }
    }
    assert.ok(failed > runs / 4, `${failed} of ${runs} met an error`)
  })
}
