/** Damaged and crafted files of a repository: a set or an error that names the file, in little time. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isKStreamError } from '../../../lib/errors.ts'
import { readIcechunkFile } from '../../../lib/format/icechunk/icechunk-file.ts'
import { openIcechunk } from '../../../lib/format/icechunk/index.ts'
import { fixture } from '../../fixture.ts'
import { randomFrom } from '../../seeded-random.ts'
import { chunksOf, FAIL } from './repository-files.ts'

const HEADER = 39
const folder = mkdtempSync(join(tmpdir(), 'kstream-icechunk-damage-'))
after(() => rmSync(folder, { recursive: true, force: true }))

interface Target {
  readonly root: string
  readonly path: string
  /** The file without compression, so that a change of one byte is one of the flatbuffer. */
  readonly plain: Uint8Array
}

/** A copy of a fixture, none of its metadata compressed. */
async function plainCopy(name: string): Promise<Target[]> {
  const root = join(folder, name)
  cpSync(fixture(`icechunk/${name}`), root, { recursive: true })
  const targets: Target[] = []
  for (const [kind, type] of [
    ['snapshots', 'snapshot'],
    ['manifests', 'manifest'],
    ['', 'repository'],
  ] as const) {
    const names = kind === '' ? (name === 'version2' ? ['repo'] : []) : readdirSync(join(root, kind))
    for (const file of names) {
      const path = join(root, kind, file)
      const { payload } = await readIcechunkFile(path, type)
      const plain = Buffer.concat([readFileSync(path).subarray(0, HEADER), payload])
      plain[HEADER - 1] = 0
      writeFileSync(path, plain)
      targets.push({ root, path, plain })
    }
  }
  return targets
}

async function outcome(root: string): Promise<'set' | 'error'> {
  try {
    await chunksOf(await openIcechunk(root, FAIL))
    return 'set'
  } catch (error) {
    assert.ok(isKStreamError(error), `${error}`)
    return 'error'
  }
}

function damaged(plain: Uint8Array, random: () => number): Uint8Array {
  const bytes = Uint8Array.from(plain)
  const from = random() < 0.1 ? 0 : HEADER
  for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--) {
    const at = from + Math.floor(random() * (bytes.length - from))
    bytes[at] =
      random() < 0.5 ? [0, 1, 0x7f, 0x80, 0xff][Math.floor(random() * 5)] : Math.floor(random() * 256)
  }
  return random() < 0.1 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes
}

for (const name of ['version1', 'version2']) {
  test(`${name}: flipped bytes and cut files give a set or an error of kstream's`, async () => {
    const targets = await plainCopy(name)
    const random = randomFrom(Number(process.env.KSTREAM_SEED ?? 20))
    const counts = { set: 0, error: 0 }
    for (let run = 0; run < Number(process.env.KSTREAM_RUNS ?? 150); run++) {
      const { root, path, plain } = targets[Math.floor(random() * targets.length)]
      writeFileSync(path, damaged(plain, random))
      counts[await outcome(root)]++
      writeFileSync(path, plain)
    }
    assert.ok(counts.error > 30 && counts.set > 10, JSON.stringify(counts))
  })
}

test('a file of another type, version or compression is named', async () => {
  const [{ root, path, plain }] = await plainCopy('version2')
  const change = async (at: number, byte: number, message: RegExp) => {
    for (const other of readdirSync(join(root, 'snapshots'))) {
      const bytes = Uint8Array.from(readFileSync(join(root, 'snapshots', other)))
      const was = bytes[at]
      bytes[at] = byte
      writeFileSync(join(root, 'snapshots', other), bytes)
      bytes[at] = was
    }
    await assert.rejects(openIcechunk(root, FAIL), message)
    writeFileSync(path, plain)
    cpSync(fixture('icechunk/version2'), root, { recursive: true })
  }
  await change(0, 0, /does not begin as a file of Icechunk/)
  await change(36, 3, /version 3 of Icechunk's format/)
  await change(37, 2, /file type 2, not 1/)
  await change(38, 2, /compression 2/)
})

test('a repository whose files are cut short or missing', async () => {
  const root = join(folder, 'cut')
  cpSync(fixture('icechunk/version1'), root, { recursive: true })
  const [manifest] = readdirSync(join(root, 'manifests'))
  const path = join(root, 'manifests', manifest)
  for (const file of readdirSync(join(root, 'manifests'))) truncateSync(join(root, 'manifests', file), 60)
  await assert.rejects(
    openIcechunk(root, FAIL),
    /manifests\/\w{20}: Icechunk manifest at byte 39: is cut short/,
  )
  rmSync(path)
  for (const file of readdirSync(join(root, 'manifests'))) rmSync(join(root, 'manifests', file))
  await assert.rejects(openIcechunk(root, FAIL), { code: 'ERR_KSTREAM_SOURCE' })
  writeFileSync(join(root, 'refs/branch.main/ref.json'), '{"snapshot": "../../../etc"}')
  await assert.rejects(openIcechunk(root, FAIL), /ref.json: Icechunk reference at byte 0: names no snapshot/)
})

test('a branch that is a pipe is not waited for', { timeout: 20_000 }, async () => {
  const root = join(folder, 'pipe')
  cpSync(fixture('icechunk/version1'), root, { recursive: true })
  const path = join(root, 'refs/branch.main/ref.json')
  rmSync(path)
  execFileSync('mkfifo', [path])
  await assert.rejects(openIcechunk(root, FAIL), /ref.json: Icechunk reference at byte 0: is no regular file/)
})
