/** The files that a command works on: those named, or the list on stdin. */
import { fileList, type Tally, UsageError } from '../lib/index.ts'
import type { Surroundings } from './output.ts'

/** How a command is called, for messages: `kstream build`. */
export interface InputRequest {
  readonly command: string
  readonly files: readonly string[]
  /** Names on stdin end with NUL (`find -print0`) and not with a line feed. */
  readonly nulSeparated: boolean
}

/**
 * The files, as they come; their number is told to `tally` as soon as it is known.
 * @throws UsageError where none is named and nobody writes a list to stdin, and where the list is empty.
 */
export function openInputs(around: Surroundings, request: InputRequest, tally: Tally): AsyncIterable<string> {
  const { command, files, nulSeparated } = request
  if (files.length === 0 && around.stdin.isTTY) {
    throw new UsageError(
      `no files. Name them, or write a list of them to stdin: ls *.nc | ${command} …  (${command} --help)`,
    )
  }
  const named = files.length > 0 ? files : fileList(around.stdin, { separator: nulSeparated ? '\0' : '\n' })
  return counted(named, tally)
}

async function* counted(
  files: Iterable<string> | AsyncIterable<string>,
  tally: Tally,
): AsyncGenerator<string> {
  if (Array.isArray(files)) tally.filesTotal = files.length
  let count = 0
  for await (const file of files) {
    count++
    yield file
  }
  if (count === 0) throw new UsageError('no files: the list on stdin is empty')
  tally.filesTotal = count
}
