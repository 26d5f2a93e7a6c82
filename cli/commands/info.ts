/** `kstream info`: what a file or a reference set holds; of JSON sets alone it reads the references. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../lib/index.ts'
import type { Command } from '../command.ts'
import type { Arguments } from '../option.ts'
import type { Surroundings } from '../output.ts'
import { describeSet } from '../set-description.ts'

async function run(_args: Arguments, files: readonly string[], around: Surroundings): Promise<number> {
  const [path, ...others] = files
  if (path === undefined) throw new UsageError('no path: kstream info ocean.parq, or kstream info ocean.nc')
  if (others.length > 0) throw new UsageError(`info takes one path, not ${files.length}`)
  const isSet = await stat(join(path, '.zmetadata')).then(
    () => true,
    () => false,
  )
  if (isSet) return describeSet(path, around)
  // Readers of all formats take longer to load than the summary of a set takes to read.
  const { describeInput } = await import('../file-description.ts')
  return describeInput(path, around)
}

export const infoCommand: Command = {
  name: 'info',
  synopsis: 'PATH',
  describe: 'Show what a file or a reference set holds, whatever its format',
  options: {},
  examples: [
    ['kstream info ocean.parq', 'Arrays, references and sources of a set'],
    ['kstream info legacy.json', 'The same of a JSON reference set, counted as it streams by'],
  ],
  run,
}
