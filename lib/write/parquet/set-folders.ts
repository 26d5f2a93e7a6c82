/** The folders of a set's groups and arrays. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, systemCode, WriteError } from '../../errors.ts'

/**
 * Makes a folder for each path, a group's before those in it.
 * @throws WriteError where it cannot, so too where two names are one to the file system.
 */
export async function makeFolders(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(root, path)).catch((cause) => {
      const taken = systemCode(cause) === 'EEXIST'
      const problem = taken ? 'the file system takes its name for that of another' : messageOf(cause)
      throw new WriteError(path, problem, { cause })
    })
  }
}
