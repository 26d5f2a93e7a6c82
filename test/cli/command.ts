/** Runs the real command, as a shell would. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

export const COMMAND = fileURLToPath(new URL('../../cli/index.js', import.meta.url))

export interface Outcome {
  /** null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Conditions {
  /** What stdin holds; nothing by default. */
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Milliseconds. */
const PATIENCE = 60_000

/** Runs `kstream` with these arguments to its end. */
export function kstream(args: readonly string[], conditions: Conditions = {}): Promise<Outcome> {
  const { input = '', cwd, env = {} } = conditions
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    env: { ...process.env, ...env },
    timeout: PATIENCE,
  })
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
