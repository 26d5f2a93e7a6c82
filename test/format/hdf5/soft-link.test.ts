/** Soft links among groups made up for it: what HDF5 lets them lead through. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Link } from '../../../lib/format/hdf5/link.ts'
import type { WalkedObject } from '../../../lib/format/hdf5/object-walk.ts'
import { SoftLinkResolver } from '../../../lib/format/hdf5/soft-link.ts'

function groupAt(address: number, path: string, links: readonly Link[]): WalkedObject {
  return {
    address,
    path,
    link: undefined,
    object: { kind: 'group', header: { address, version: 2, messages: [] }, links },
  }
}

const inner = groupAt(2, '/g', [
  { name: 'up', kind: 'hard', address: 1 },
  { name: '..', kind: 'hard', address: 3 },
  { name: 'out', kind: 'external', file: 'o.h5', target: '/there/' },
  { name: 'own', kind: 'user', type: 70 },
])
const other = groupAt(3, '/g/..', [])
const root = groupAt(1, '', [
  { name: 'g', kind: 'hard', address: 2 },
  { name: 'soft', kind: 'soft', target: 'g/up/g' },
  { name: 'grow', kind: 'soft', target: 'grow/grow/grow' },
])
const resolver = new SoftLinkResolver(
  new Map([root, inner, other].map((group) => [group.address, group])),
  root,
)

test('absolute, relative, through soft links; ".." is a name like any other', () => {
  assert.deepEqual(resolver.resolve(inner, '/g'), { kind: 'object', object: inner })
  assert.deepEqual(resolver.resolve(inner, './up//soft/.'), { kind: 'object', object: inner })
  assert.deepEqual(resolver.resolve(root, 'soft/..'), { kind: 'object', object: other })
  assert.deepEqual(resolver.resolve(inner, '/'), { kind: 'object', object: root })
})

test('into another file, with the rest of the path', () => {
  const external = { kind: 'external', file: 'o.h5', target: '/there/a/b' }
  assert.deepEqual(resolver.resolve(root, '/soft/out/a/b'), external)
  assert.deepEqual(resolver.resolve(inner, 'out'), { ...external, target: '/there/' })
})

test('nowhere, always in the end', () => {
  const reason = (target: string) => {
    const resolved = resolver.resolve(root, target)
    return resolved.kind === 'nowhere' && resolved.reason
  }
  assert.match(reason('g/none/x') || '', /no "none" in \/g/)
  assert.match(reason('g/own') || '', /user-defined/)
  assert.match(reason('grow') || '', /circle|more than/)
  assert.match(reason('g/up/'.repeat(5000)) || '', /more than 1024 names/)
})
