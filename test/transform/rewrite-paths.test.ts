/** New paths in references and sources. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../lib/errors.ts'
import { INLINE } from '../../lib/model/reference-batch.ts'
import { type PathRewrite, rewritePaths } from '../../lib/transform/rewrite-paths.ts'
import { memorySet, readBody, through } from './memory-set.ts'

async function rewritten(url: string, rewrite: PathRewrite): Promise<string> {
  const set = await through(
    rewritePaths(rewrite),
    memorySet({ url, arrays: [{ path: 'a', rows: [[0, url, 1, 2]] }] }),
  )
  const { rows } = await readBody(set)
  assert.equal(rows.a[0][1], set.sources[0].url, 'references and sources agree')
  return set.sources[0].url
}

test('a prefix is whole parts of a path, the longest one wins, slashes at its end do not matter', async () => {
  assert.equal(await rewritten('/data/a.nc', { '/data': 's3://b' }), 's3://b/a.nc')
  assert.equal(await rewritten('/data/a.nc', { '/data/': 's3://b' }), 's3://b/a.nc')
  assert.equal(await rewritten('/data/a.nc', { '/data': 's3://b/' }), 's3://b/a.nc')
  assert.equal(await rewritten('/database/a.nc', { '/data': 's3://b' }), '/database/a.nc')
  assert.equal(await rewritten('/data/x/a.nc', { '/data': 's3://b', '/data/x': 's3://c' }), 's3://c/a.nc')
  assert.equal(await rewritten('/data/a.nc', { '/data/a.nc': '/other/b.nc' }), '/other/b.nc')
  assert.equal(await rewritten('/a.nc', { '/': 's3://b' }), 's3://b/a.nc')
  assert.equal(await rewritten('s3://old/k/a.nc', { 's3://old/k': '/mnt' }), '/mnt/a.nc')
  assert.equal(await rewritten('/data/a.nc', (url) => url.toUpperCase()), '/DATA/A.NC')
})

test('raw rows stay; a table that batches share is rewritten once', async () => {
  let calls = 0
  const paths = ['/d/a.nc']
  const set = memorySet({ arrays: [{ path: 'a' }] })
  const column = (value: number) => Float64Array.of(value)
  const shared = {
    ...set,
    async *body() {
      for (let chunk = 0; chunk < 50; chunk++) {
        const row = { chunk: column(chunk), path: Uint32Array.of(0), offset: column(0), length: column(1) }
        yield { kind: 'batch' as const, array: 0, rows: 1, paths, ...row }
      }
    },
  }
  const stage = rewritePaths((url) => {
    calls++
    return `${url}x`
  })
  const { rows } = await readBody(await through(stage, shared))
  assert.equal(rows.a.length, 50)
  assert.equal(rows.a[49][1], '/d/a.ncx')
  assert.equal(calls, 2, 'one for the source, one for the table')

  const inlined = memorySet({
    arrays: [
      {
        path: 'a',
        rows: [
          [0, 'bytes'],
          [1, '/data/b', 0, 4],
        ],
      },
    ],
  })
  const mixed = await readBody(await through(rewritePaths({ '/data': '/new' }), inlined))
  assert.deepEqual(mixed.rows.a, [
    [0, 'bytes'],
    [1, '/new/b', 0, 4],
  ])
})

test('a table that grows from batch to batch is rewritten as it grows', async () => {
  const paths: string[] = []
  const column = (value: number) => Float64Array.of(value)
  const growing = {
    ...memorySet({ arrays: [{ path: 'a' }] }),
    async *body() {
      for (let chunk = 0; chunk < 3; chunk++) {
        if (chunk > 0) paths.push(`/d/${chunk}.nc`)
        const path = Uint32Array.of(chunk > 0 ? chunk - 1 : INLINE)
        const raw = chunk > 0 ? {} : { raw: [Uint8Array.of(7)] }
        const row = { chunk: column(chunk), path, offset: column(0), length: column(1), ...raw }
        yield { kind: 'batch' as const, array: 0, rows: 1, paths, ...row }
      }
    },
  }
  const { rows } = await readBody(await through(rewritePaths({ '/d': '/e' }), growing))
  assert.deepEqual(
    rows.a.slice(1).map(([, path]) => path),
    ['/e/1.nc', '/e/2.nc'],
  )
})

test('what cannot work is refused', async () => {
  assert.throws(() => rewritePaths({ data: 's3://b' }), UsageError)
  assert.throws(() => rewritePaths({ '/data': '' }), UsageError)
  await assert.rejects(
    rewritten('/data/a.nc', () => ''),
    UsageError,
  )
})
