/** A scratch folder for one test file, and what a test asks of it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after } from 'node:test'

/** A folder that goes when the file's tests are done. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kstream-write-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Every file below a folder, by its path relative to it. */
export function filesBelow(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile())
  return new Map(files.map((path) => [relative(folder, path), readFileSync(path)]))
}
