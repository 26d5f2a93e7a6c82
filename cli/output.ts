/** Where a command writes: results to stdout, with backpressure; everything said beside them to stderr. */
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/** What is used of stderr, which may be a terminal. */
export type MessageStream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & { write(text: string): boolean }

/** A command's surroundings. */
export interface Surroundings {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable
  readonly stderr: MessageStream
  /** Aborts at SIGINT, SIGTERM and when the reader of stdout has gone. */
  readonly signal: AbortSignal
  /** Whoever reads stderr wants a JSON event a line. */
  readonly jsonEvents: boolean
}

/** Writes text and waits while the reader is behind. */
export async function writeText(around: Surroundings, text: string): Promise<void> {
  around.signal.throwIfAborted()
  if (!around.stdout.write(text)) await once(around.stdout, 'drain', { signal: around.signal })
}

/** Writes lines. */
export async function writeLines(around: Surroundings, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await writeText(around, `${lines.join('\n')}\n`)
}

/** Says something beside the results. */
export function say({ stderr, jsonEvents }: Surroundings, message: string): void {
  stderr.write(`${jsonEvents ? JSON.stringify({ event: 'message', message }) : message}\n`)
}
