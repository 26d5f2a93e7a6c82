/** The files that a command works on: those named, or the list on stdin. */
import { fileList, UsageError } from '../lib/index.ts'
import type { Surroundings } from './output.ts'

/** How a command is called, for messages: `kstream build`. */
export interface InputRequest {
  readonly command: string
  readonly files: readonly string[]
  /** Names on stdin end with NUL (`find -print0`) and not with a line feed. */
  readonly nulSeparated: boolean
}

/**
 * The files, as they come.
 * @throws UsageError where none is named and nobody writes a list to stdin, and where the list is empty.
 */
export function openInputs(
  around: Surroundings,
  request: InputRequest,
): readonly string[] | AsyncIterable<string> {
  const { command, files, nulSeparated } = request
  if (files.length === 0 && around.stdin.isTTY) {
    throw new UsageError(
      `no files. Name them, or write a list of them to stdin: ls *.nc | ${command} …  (${command} --help)`,
    )
  }
  if (files.length > 0) return files
  return notEmpty(fileList(around.stdin, { separator: nulSeparated ? '\0' : '\n' }))
}

async function* notEmpty(files: AsyncIterable<string>): AsyncGenerator<string> {
  let empty = true
  for await (const file of files) {
    empty = false
    yield file
  }
  if (empty) throw new UsageError('no files: the list on stdin is empty')
}
