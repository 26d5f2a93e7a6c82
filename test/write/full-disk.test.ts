import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scratchFolder } from './scratch.ts'

const folder = scratchFolder()
const PROGRAM = fileURLToPath(new URL('./full-disk-build.js', import.meta.url))

/** Runs a command with a disk of one megabyte at `mounted`, which only it sees. */
function onSmallDisk(mounted: string, ...command: readonly string[]) {
  const script = 'mount -t tmpfs -o size=1m tmpfs "$1" && shift && exec "$@"'
  return spawnSync('unshare', ['-rm', 'sh', '-c', script, 'sh', mounted, ...command], { encoding: 'utf8' })
}

const probe = join(folder, 'probe')
mkdirSync(probe)
const skip = onSmallDisk(probe, 'true').status === 0 ? false : 'no file system can be mounted here'

test('a full disk is an error in the words of the system that leaves the old set whole', { skip }, () => {
  for (const journalled of ['with a journal', 'without', 'with files beside shards']) {
    const mounted = join(folder, journalled)
    mkdirSync(mounted)
    const { status, stdout, stderr } = onSmallDisk(mounted, process.execPath, PROGRAM, mounted, journalled)
    assert.equal(status, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), {
      code: 'ERR_KSTREAM_WRITE',
      saysWhy: true,
      sameAsBefore: true,
      left: ['x.parq'],
    })
  }
})
