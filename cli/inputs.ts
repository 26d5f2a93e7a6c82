/** The files that a command works on: those named, or the list on stdin. */
import { fileList, UsageError } from '../lib/index.ts'
import { type Arguments, flagOf, flagOption } from './option.ts'
import type { Surroundings } from './output.ts'

/** Options of each command that takes many files. */
export const INPUT_OPTIONS = {
  null: flagOption('Names on stdin end with NUL, as find -print0 writes them', { alias: '0' }),
}

/**
 * The files, as they come; `command` is how it is called, for messages: `kstream build`.
 * @throws UsageError where none is named and nobody writes a list to stdin, and where the list is empty.
 */
export function openInputs(
  command: string,
  args: Arguments,
  files: readonly string[],
  around: Surroundings,
): readonly string[] | AsyncIterable<string> {
  if (files.length === 0 && around.stdin.isTTY) {
    throw new UsageError(
      `no files. Name them, or write a list of them to stdin: ls *.nc | ${command} …  (${command} --help)`,
    )
  }
  if (files.length > 0) return files
  return notEmpty(fileList(around.stdin, { separator: flagOf(args, 'null') ? '\0' : '\n' }))
}

async function* notEmpty(files: AsyncIterable<string>): AsyncGenerator<string> {
  let empty = true
  for await (const file of files) {
    empty = false
    yield file
  }
  if (empty) throw new UsageError('no files: the list on stdin is empty')
}
