/** Icechunk's own package for Node as a second reader: its WebAssembly build has no local files, so they are handed to it. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { systemCode } from '../../../lib/errors.ts'

type Icechunk = typeof import('@earthmover/icechunk')

/** The package, where a build of it loads here, or in the folder that KSTREAM_ICECHUNK names; else why not. */
export function loadPackage(): Icechunk | string {
  const { KSTREAM_ICECHUNK: folder } = process.env
  try {
    return createRequire(folder ? join(folder, 'package.json') : import.meta.url)('@earthmover/icechunk')
  } catch (error) {
    return `@earthmover/icechunk does not load: ${error}`
  }
}

/** Its error for an object that is not there is told by this word in the message. */
async function readObject(folder: string, path: string): Promise<Buffer> {
  return readFile(join(folder, path)).catch((cause) => {
    throw systemCode(cause) === 'ENOENT' ? new Error(`ObjectNotFound: ${path}`) : cause
  })
}

/** A folder as a storage that cannot be written. */
export function folderStorage(icechunk: Icechunk, folder: string): InstanceType<Icechunk['Storage']> {
  const refuse = async () => {
    throw new Error('cannot be written')
  }
  // Its callbacks take an error first, whatever its types say.
  const argument = <T>(...given: readonly unknown[]) => given[1] as T
  return icechunk.Storage.newCustom({
    canWrite: async () => false,
    getObjectRange: async (...given) => {
      const { path, rangeStart, rangeEnd } = argument<{
        path: string
        rangeStart?: number
        rangeEnd?: number
      }>(...given)
      const data = await readObject(folder, path)
      return { data: data.subarray(rangeStart ?? 0, rangeEnd ?? data.length), version: { etag: '1' } }
    },
    getObjectConditional: async (...given) => {
      const data = await readObject(folder, argument<{ path: string }>(...given).path)
      return { kind: 'modified', data, newVersion: { etag: '1' } }
    },
    listObjects: async (...given) => {
      const prefix = argument<string>(...given)
      const names = await readdir(join(folder, prefix)).catch(() => [])
      return names.map((id) => ({ id, createdAt: new Date(0), sizeBytes: 0 }))
    },
    getObjectLastModified: async (...given) => (await stat(join(folder, argument<string>(...given)))).mtime,
    putObject: refuse,
    copyObject: refuse,
    deleteBatch: refuse,
  })
}
