/** Inputs that lie in the folder of a set: where that is replaced they would go with it. */
import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { UsageError } from '../lib/index.ts'

/** Begins a URL that is no path. */
const SCHEME = /^[a-z][a-z0-9+.-]+:\/\//i

/** @throws UsageError for the first of `inputs`, paths or URLs, that lies in the folder `output`. */
export async function checkInputsKept(output: string, inputs: readonly string[]): Promise<void> {
  const folder = await realpath(output).catch(() => undefined)
  if (folder === undefined) return
  const parents = new Map<string, string>()
  for (const input of inputs) {
    if (SCHEME.test(input)) continue
    const path = resolve(input)
    const parent = dirname(path)
    const real = parents.get(parent) ?? (await realpath(parent).catch(() => parent))
    parents.set(parent, real)
    if (!join(real, basename(path)).startsWith(`${folder}${sep}`)) continue
    throw new UsageError(`${input}: lies in ${output}, which would be replaced; move it, or write elsewhere`)
  }
}
