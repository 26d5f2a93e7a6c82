#!/usr/bin/env node
/** The command `kstream`: reads the command line, runs one command, and turns what comes of it into an exit code. */
import { runCommandLine } from './command-line.ts'
import { EXIT } from './exit-code.ts'
import type { Surroundings } from './output.ts'

const ending = new AbortController()
let endedBy: number | undefined

/** The first request lets the command clean up, the second does not wait for it. */
function end(code: number): void {
  if (endedBy !== undefined) process.exit(endedBy)
  endedBy = code
  ending.abort()
}

for (const [signal, code] of [
  ['SIGINT', EXIT.interrupted],
  ['SIGTERM', EXIT.terminated],
] as const) {
  process.on(signal, () => {
    process.stderr.write('kstream: interrupted\n')
    end(code)
  })
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read our output has seen enough (`| head`).
  if (error.code !== 'EPIPE') throw error
  end(EXIT.done)
})
process.stderr.on('error', () => end(EXIT.failed))

const around: Surroundings = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: ending.signal,
  jsonEvents: false,
}
const code = await runCommandLine(process.argv.slice(2), around)
process.exitCode = endedBy ?? code
// A list on stdin that was not read to its end must not keep the process.
process.stdin.destroy()
