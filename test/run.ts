/**
 * Runs the compiled tests: all of them, or those whose path contains one of the arguments.
 * With KSTREAM_FORBID_SKIPS=1 a skipped test is a failure: where the peers are installed, nothing may be left out.
 */
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))
const wanted = process.argv.slice(2)
const forbidSkips = process.env.KSTREAM_FORBID_SKIPS === '1'

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((file) => wanted.length === 0 || wanted.some((part) => relative(root, file).includes(part)))
  .sort()

if (files.length === 0) {
  console.error(`No test matches ${wanted.join(', ')}`)
  process.exit(1)
}

const skipped: string[] = []
run({ files, concurrency: Math.max(2, availableParallelism()), timeout: 900_000 })
  .on('test:fail', () => {
    process.exitCode = 1
  })
  .on('test:pass', (test) => {
    if (test.skip !== undefined || test.todo !== undefined) skipped.push(test.name)
  })
  .once('end', () => {
    if (!forbidSkips || skipped.length === 0) return
    process.exitCode = 1
    console.error(`Skipped where nothing may be: ${skipped.join('; ')}`)
  })
  .compose(new spec())
  .pipe(process.stdout)
