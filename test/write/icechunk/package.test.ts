/** What Icechunk's own package for Node (version 2) makes of a written repository. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeIcechunk } from '../../../lib/write/icechunk/sink.ts'
import { scratchFolder } from '../scratch.ts'
import { type Row, streamOf, syntheticSet } from '../synthetic.ts'
import { folderStorage, loadPackage } from './package-storage.ts'

const icechunk = loadPackage()
const folder = scratchFolder()

const skip = typeof icechunk === 'string' ? icechunk : false

// Its WebAssembly build knows no containers but those of S3.
const SOURCE = 's3://bucket/a b é.nc'

function rowsOf(count: number): Row[] {
  const raw = (chunk: number) => Uint8Array.from({ length: chunk * 300 }, (_, at) => (at + chunk) % 251)
  return Array.from({ length: count }, (_, chunk) =>
    chunk % 3 === 1 ? { chunk, raw: raw(chunk) } : { chunk, path: SOURCE, offset: chunk, length: 2 },
  )
}

const sources = [{ url: SOURCE, size: 99, etag: '"x"' }]
const set = syntheticSet({
  groups: [{ path: '', attributes: { title: 'é' } }],
  arrays: [
    { path: 'g/v', shape: [3, 4], attributes: { units: 'm' } },
    { path: 's', shape: [] },
    { path: 'g-a', shape: [null, 2] },
  ],
  shapes: [[3, 4], [], [5, 2]],
  rows: [rowsOf(12), rowsOf(1), rowsOf(9)],
  sources,
})

test('nodes, chunks and commits are what was written', { skip }, async () => {
  if (typeof icechunk === 'string') return
  const path = join(folder, 'a.icechunk')
  const options = { manifestReferences: 4, commitReferences: 9 }
  const report = await writeIcechunk(path, options)(streamOf(set))
  const repository = await icechunk.Repository.open(folderStorage(icechunk, path))
  assert.equal(repository.specVersion, 1)
  assert.equal(await repository.lookupBranch('main'), report.snapshot)
  const { store } = await repository.readonlySession({ branch: 'main' })
  const chunks = [
    ...Array.from({ length: 12 }, (_, chunk) => `g/v/c/${Math.floor(chunk / 4)}/${chunk % 4}`),
    's/c',
    ...Array.from({ length: 9 }, (_, chunk) => `g-a/c/${Math.floor(chunk / 2)}/${chunk % 2}`),
  ]
  const nodes = ['', 'g/', 'g/v/', 's/', 'g-a/'].map((node) => `${node}zarr.json`)
  assert.deepEqual((await store.list()).sort(), [...nodes, ...chunks].sort())
  for (const chunk of [1, 4, 7, 10]) {
    const bytes = await store.get(`g/v/c/${Math.floor(chunk / 4)}/${chunk % 4}`)
    assert.deepEqual(bytes && Buffer.from(bytes), Buffer.from(rowsOf(12)[chunk].raw ?? []))
  }
  const document = JSON.parse(Buffer.from((await store.get('g-a/zarr.json')) ?? []).toString())
  assert.deepEqual(document.shape, [5, 2])
})

test('manifests hold what the snapshot says of them', { skip }, async () => {
  if (typeof icechunk === 'string') return
  const path = join(folder, 'b.icechunk')
  const options = { manifestReferences: 4, commitReferences: 9, name: 'b' }
  const report = await writeIcechunk(path, options)(streamOf(set))
  const repository = await icechunk.Repository.open(folderStorage(icechunk, path))
  const manifests = await repository.lookupManifestFiles(report.snapshot)
  const references = manifests.map(({ numChunkRefs }) => numChunkRefs)
  assert.equal(manifests.length, report.manifests)
  assert.deepEqual(references.sort(), [1, 1, 4, 4, 4, 4, 4])
  const messages = (await repository.ancestry({ branch: 'main' })).map(({ message }) => message)
  assert.deepEqual(messages, [
    'kstream: b, references 22 to 22 of 22',
    'kstream: b, references 13 to 21 of 22',
    'kstream: b, references 1 to 12 of 22',
    'Repository initialized',
  ])
  const { splitting } = repository.config.manifest
  const sizes = [{ condition: { Axis: 0 }, num_chunks: 1 }]
  assert.deepEqual(splitting.split_sizes[0], [{ path_matches: { regex: '^/g/v$' } }, sizes])
})
