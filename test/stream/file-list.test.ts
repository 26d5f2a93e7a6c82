/** Lists of files, with all that pipes and editors do to them. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { FormatError } from '../../lib/errors.ts'
import { type FileListOptions, fileList } from '../../lib/stream/file-list.ts'
import { collect } from './collect.ts'

async function names(input: Iterable<string | Uint8Array>, options?: FileListOptions): Promise<string[]> {
  return collect(fileList(input, options))
}

function refuses(pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof FormatError, String(error))
    assert.match(error.message, pattern)
    return true
  }
}

test('a line is a name; the last may lack its end', async () => {
  assert.deepEqual(await names(['a.nc\nb.nc\n']), ['a.nc', 'b.nc'])
  assert.deepEqual(await names(['a.nc\nb.nc']), ['a.nc', 'b.nc'])
  assert.deepEqual(await names([]), [])
  assert.deepEqual(await names(['\n\n']), [])
})

test('CRLF and blank lines go, spaces and number signs stay', async () => {
  assert.deepEqual(await names(['a.nc\r\n\r\n  \n b c.nc \n#d.nc\r\n\te.nc']), [
    'a.nc',
    ' b c.nc ',
    '#d.nc',
    '\te.nc',
  ])
  // Only the carriage return before the end belongs to it.
  assert.deepEqual(await names(['a\rb\r\r\n']), ['a\rb\r'])
})

test('a byte order mark is dropped at the very start only', async () => {
  assert.deepEqual(await names(['\ufeffa.nc\n\ufeffb.nc\n']), ['a.nc', '\ufeffb.nc'])
  const bytes = Buffer.from('\ufeffa.nc\n')
  assert.deepEqual(await names([bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2)]), ['a.nc'])
})

test('any cut into chunks gives the same names', async () => {
  const text = 'temperatur_über_Südsee_🌊.nc\r\nsecond 名前.nc\n\nthird.nc'
  const bytes = Buffer.from(text)
  const expected = ['temperatur_über_Südsee_🌊.nc', 'second 名前.nc', 'third.nc']
  for (let size = 1; size <= bytes.length; size++) {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    assert.deepEqual(await names(chunks), expected, `chunks of ${size}`)
  }
})

test('a chunk may be written over once the next is asked for', async () => {
  const buffer = Buffer.alloc(4)
  function* reusing() {
    for (const part of ['aaaa', 'bb\nc', 'cccc']) yield buffer.fill(part)
  }
  assert.deepEqual(await names(reusing()), ['aaaabb', 'ccccc'])
})

test('NUL separates names that hold line feeds', async () => {
  const list = ['a\nb.nc\0c\r.nc\0\0d.nc']
  assert.deepEqual(await names(list, { separator: '\0' }), ['a\nb.nc', 'c\r.nc', 'd.nc'])
})

test('binary input is said to be that, by line and byte', async () => {
  const hdf5 = Uint8Array.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0])
  await assert.rejects(names([hdf5]), refuses(/line 1 of the file list at byte 0: is not UTF-8 text/))
  await assert.rejects(
    names(['a.nc\nb.nc\0c.nc\n']),
    refuses(/line 2 of the file list at byte 5: holds a NUL.*-0/),
  )
  await assert.rejects(names([Buffer.from('\ufeffa.nc\n', 'utf16le')]), refuses(/line 1 .*(NUL|UTF-8)/))
})

test('a line has a limit, which holds before its end is seen', async () => {
  const longest = 'x'.repeat(65_536)
  assert.deepEqual(await names([longest, '\ny']), [longest, 'y'])
  let taken = 0
  function* endless() {
    for (; taken < 1000; taken++) yield taken === 0 ? 'ok\n' : 'x'.repeat(1 << 14)
  }
  await assert.rejects(
    names(endless(), { name: 'files.txt' }),
    refuses(/^files\.txt: line 2 .* at byte 3: longer than 65536/),
  )
  assert.ok(taken <= 5)
})

test('names come as soon as their line is there, and leaving early closes the input', async () => {
  let closed = false
  async function* input() {
    try {
      yield 'a.nc\nb'
      await new Promise(() => {})
    } finally {
      closed = true
    }
  }
  for await (const name of fileList(input())) {
    assert.equal(name, 'a.nc')
    break
  }
  assert.ok(closed)
})

test('a Node stream is a list too', async () => {
  assert.deepEqual(await collect(fileList(Readable.from([Buffer.from('a\nb\n')]))), ['a', 'b'])
})
