import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSource } from '../../lib/source/open.ts'
import { openUnchanged } from '../../lib/source/unchanged.ts'

test('a file that has changed is refused, another is opened as it is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kstream-unchanged-'))
  t.after(() => rm(folder, { recursive: true }))
  const [path, other] = [join(folder, 'a'), join(folder, 'b')]
  await writeFile(path, 'four')
  await writeFile(other, 'bytes')
  const first = await openSource(path)
  await first.close()
  const open = openUnchanged(openSource, [first.info])
  await (await open(path)).close()
  await (await open(other)).close()

  await utimes(path, 0, 0)
  await assert.rejects(open(path), { code: 'ERR_KSTREAM_SOURCE', message: /a: has changed since/ })
  const again = openUnchanged(openSource, [{ ...first.info, lastModified: '1970-01-01T00:00:00.000Z' }])
  await (await again(path)).close()
  await appendFile(path, '!')
  await utimes(path, 0, 0)
  await assert.rejects(again(path), { code: 'ERR_KSTREAM_SOURCE' })
})
