/** Documents cut short or changed anywhere: read, or refused by an error of ours. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { isKStreamError } from '../../../lib/errors.ts'
import { fixture } from '../../fixture.ts'
import { bodyOf, openBytes } from './opened.ts'

const plain = readFileSync(fixture('dmrpp/kinds.h5.dmrpp'))

/** Whether it was read; fails on an error that is none of ours. */
async function isRead(bytes: Uint8Array): Promise<boolean> {
  try {
    await bodyOf(await openBytes(bytes, { onUnsupported: 'skip', copies: true }))
    return true
  } catch (error) {
    assert.ok(isKStreamError(error), error instanceof Error ? error.stack : String(error))
    return false
  }
}

describe('a damaged document', () => {
  it('is refused wherever it ends', async () => {
    const end = plain.indexOf('</Dataset>')
    for (let length = 0; length < end + '</Dataset>'.length; length += 61)
      assert.equal(await isRead(plain.subarray(0, length)), false, `${length} bytes`)
  })

  it('is read or refused, whichever bit is another', async () => {
    let read = 0
    for (let at = 0; at < plain.length; at += 23) {
      const changed = Uint8Array.from(plain)
      changed[at] ^= 1 << (at % 7)
      if (await isRead(changed)) read++
    }
    assert.ok(read > 0)
  })

  it('is read or refused, whatever an attribute holds', async () => {
    const text = plain.toString()
    const others = [
      '-1',
      '',
      '1e9',
      '99999999999999999999',
      '9007199254740991',
      'Structure',
      '[0,0]',
      '4 4 4',
    ]
    for (const [i, { index, 0: value }] of [...text.matchAll(/"[^"]*"/g)].entries()) {
      const other = `"${others[i % others.length]}"`
      await isRead(Buffer.from(`${text.slice(0, index)}${other}${text.slice(index + value.length)}`))
    }
  })
})
