/** Files that a file names: which of them are opened, and by which path. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { SourceError, UnsupportedError } from '../../lib/errors.ts'
import { externalFiles, isMissingFile } from '../../lib/source/external.ts'
import { openMemory } from '../../lib/source/memory.ts'
import { openSource } from '../../lib/source/open.ts'

describe('files beside a local file', () => {
  let root = ''
  let input = ''
  before(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'kstream-external-')))
    for (const folder of ['in/below', 'other/below', 'inside'])
      await mkdir(join(root, folder), { recursive: true })
    for (const name of ['in/a', 'in/below/b', 'other/c', 'other/below/d', 'inside/e']) {
      await writeFile(join(root, name), name)
    }
    await symlink('../other/c', join(root, 'in/link'))
    await symlink('../other', join(root, 'in/folder'))
    await symlink('below/b', join(root, 'in/inner'))
    await symlink('in', join(root, 'alias'))
    input = join(root, 'in/input.h5')
  })
  after(() => rm(root, { recursive: true }))

  /** The path that was opened, as its references will have it. */
  async function opened(name: string, folders: readonly string[] = [], url = input, from?: string) {
    const source = await externalFiles(url, folders, openSource)(name, { from })
    await source.close()
    return relative(root, source.url)
  }
  const refused = (name: string, way: string, folders?: readonly string[]) =>
    assert.rejects(opened(name, folders), (error) => {
      assert.ok(error instanceof UnsupportedError)
      for (const part of [name, input, `--allow-external ${way}`])
        assert.ok(error.message.includes(part), error.message)
      return true
    })

  test('names are relative to the folder of the file, or absolute', async () => {
    assert.equal(await opened('a'), 'in/a')
    assert.equal(await opened('below/b'), 'in/below/b')
    assert.equal(await opened('below/../a'), 'in/a')
    assert.equal(await opened(join(root, 'in/a')), 'in/a')
    assert.equal(await opened('a', [], `file://${input}`), 'in/a')
  })
  test('an absolute name of nothing is looked for beside the file', async () => {
    assert.equal(await opened('/no/such/folder/a'), 'in/a')
  })
  test('where the file is a link, names are also relative to the folder of what it leads to', async () => {
    await mkdir(join(root, 'links'))
    await writeFile(input, '')
    await symlink(input, join(root, 'links/input.h5'))
    assert.equal(await opened('a', [], join(root, 'links/input.h5')), 'in/a')
    await writeFile(join(root, 'links/a'), 'a')
    assert.equal(await opened('a', [], join(root, 'links/input.h5')), 'links/a')
  })
  test('files outside are refused by name, with the way round it', async () => {
    await refused('../other/c', join(root, 'other'))
    await refused(join(root, 'other/c'), join(root, 'other'))
    await refused('../inside/e', join(root, 'inside'))
  })
  test('links that lead out are not followed', async () => {
    await refused('link', join(root, 'other'))
    await refused('folder/c', join(root, 'other'))
    assert.equal(await opened('inner'), 'in/inner')
  })
  test('folders that are allowed, with all below them', async () => {
    assert.equal(await opened('../other/c', [join(root, 'other')]), 'other/c')
    assert.equal(
      await opened('../other/below/d', [relative(process.cwd(), join(root, 'other'))]),
      'other/below/d',
    )
    assert.equal(await opened('link', [join(root, 'in/folder')]), 'in/link')
    await refused('../other/c', join(root, 'other'), [join(root, 'other/below')])
    await refused('../inside/e', join(root, 'inside'), [join(root, 'gone')])
  })
  test('an input in a folder that is a link', async () => {
    assert.equal(await opened('a', [], join(root, 'alias/input.h5')), 'alias/a')
  })
  test('names that another file gives are relative to its folder, within the same folders', async () => {
    assert.equal(await opened('../a', [], input, join(root, 'in/below/b')), 'in/a')
    await assert.rejects(opened('../../other/c', [], input, join(root, 'in/below/b')), UnsupportedError)
  })
  test('a file that is not there is told from one that cannot be opened', async () => {
    for (const name of ['gone', '../gone', 'a/gone', '/gone/gone']) {
      await assert.rejects(
        opened(name),
        (error) => error instanceof SourceError && isMissingFile(error),
        name,
      )
    }
    await assert.rejects(opened('below'), (error) => error instanceof SourceError && !isMissingFile(error))
  })
})

describe('files beside a URL', () => {
  const url = 'https://host/data/2024/input.h5'
  const opened = async (name: string, folders: readonly string[] = [], input = url) =>
    (await externalFiles(input, folders, async (found) => openMemory(new Uint8Array(1), found))(name)).url

  test('below the same folder', async () => {
    assert.equal(await opened('part.h5'), 'https://host/data/2024/part.h5')
    assert.equal(await opened('./below/part.h5'), 'https://host/data/2024/below/part.h5')
    assert.equal(await opened('below/../part.h5'), 'https://host/data/2024/part.h5')
    assert.equal(await opened('part.h5', [], 's3://bucket/data/input.h5'), 's3://bucket/data/part.h5')
    assert.equal(
      await opened('part.h5', [], 'https://host/data/input.h5?key=a/b'),
      'https://host/data/part.h5',
    )
  })
  test('nowhere else, unless it is allowed', async () => {
    const names = [
      '../part.h5',
      'below/../../part.h5',
      '/etc/passwd',
      'http://host/data/2024/part.h5',
      '%2e%2e/part.h5',
      '..%2Fpart.h5',
    ]
    for (const name of [
      ...names,
      'https://other/part.h5',
      'https://host/data/2024x/part.h5',
      'file:///etc/passwd',
    ]) {
      await assert.rejects(opened(name), UnsupportedError, name)
    }
    assert.equal(await opened('https://other/part.h5', ['https://other']), 'https://other/part.h5')
    await assert.rejects(opened('https://other.evil/part.h5', ['https://other']), UnsupportedError)
    await assert.rejects(opened('https://host/data/2024/../../x', []), UnsupportedError)
  })
})
