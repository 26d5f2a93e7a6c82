/** Runs command lines: in this process, or as a shell would. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from '../../cli/command-line.ts'

export const COMMAND = fileURLToPath(new URL('../../cli/index.js', import.meta.url))

export interface Outcome {
  /** null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Conditions {
  /** What stdin holds; nothing by default. */
  readonly input?: string | Uint8Array
  readonly cwd?: string
}

/** Milliseconds. */
const PATIENCE = 60_000

/** A stream that is no terminal, and what was written to it. */
class Said extends Writable {
  text = ''
  readonly isTTY = false
  readonly columns = 80

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

/** Runs `kstream` with these arguments to its end, without a process of its own: one at a time. */
export async function kstream(args: readonly string[], conditions: Conditions = {}): Promise<Outcome> {
  const { input = '', cwd = '.' } = conditions
  const before = process.cwd()
  const [stdout, stderr] = [new Said(), new Said()]
  const { signal } = new AbortController()
  process.chdir(cwd)
  try {
    const stdin = Readable.from([Buffer.from(input)])
    const code = await runCommandLine(args, { stdin, stdout, stderr, signal, jsonEvents: false })
    return { code, stdout: stdout.text, stderr: stderr.text }
  } finally {
    process.chdir(before)
  }
}

/** The same as a process. */
export function kstreamProcess(args: readonly string[], conditions: Conditions = {}): Promise<Outcome> {
  const { input = '', cwd } = conditions
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd, timeout: PATIENCE })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // The command may end before it has read its input.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** A folder of the test's own, removed after it. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kstream-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}
