/** Where a repository may be written: nowhere over what is neither one nor a reference set. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError, WriteError } from '../../errors.ts'
import { parseZmetadata } from '../../format/kerchunk-parquet/zmetadata.ts'
import { ignoreMissing, locateSet, recoverLeftovers } from '../leftovers.ts'
import { alreadyThere, type Target } from '../publish.ts'

/**
 * Checks the place of a repository, and heals what a crash has left there.
 * @throws UsageError for no path; WriteError where the parent folder is missing, or something is there that may not be
 * replaced.
 */
export async function checkRepositoryTarget(path: string, overwrite: boolean): Promise<Target> {
  if (path === '') throw new UsageError('no path to write to')
  const target = await locateSet(path)
  await recoverLeftovers(target)
  const stats = await stat(target).catch(ignoreMissing)
  if (!stats) return { path: target, replaces: false }
  if (!((await isRepository(target)) || (await isParquetSet(target)))) {
    throw new WriteError(
      path,
      'exists and is neither an Icechunk repository nor a reference set, so it is left alone',
    )
  }
  if (!overwrite) throw alreadyThere(path)
  return { path: target, replaces: true }
}

/** Every repository has a branch main, in version 1 as a file of its own, from version 2 on in the file `repo`. */
async function isRepository(path: string): Promise<boolean> {
  const marks = ['refs/branch.main/ref.json', 'repo'].map((mark) =>
    stat(join(path, mark)).catch(() => undefined),
  )
  const snapshots = await stat(join(path, 'snapshots')).catch(() => undefined)
  return snapshots?.isDirectory() === true && (await Promise.all(marks)).some((mark) => mark?.isFile())
}

async function isParquetSet(path: string): Promise<boolean> {
  try {
    parseZmetadata(await readFile(join(path, '.zmetadata'), 'utf8'), path)
    return true
  } catch {
    return false
  }
}
