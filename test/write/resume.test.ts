import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { recoverLeftovers } from '../../lib/write/leftovers.ts'
import { writeParquet } from '../../lib/write/parquet/sink.ts'
import { randomFrom } from '../seeded-random.ts'
import { journalledSet } from './journalled-set.ts'
import { filesBelow, scratchFolder } from './scratch.ts'
import { streamOf } from './synthetic.ts'

const folder = scratchFolder()
const PARTS = 16
const KILLS = 25
const PROGRAM = fileURLToPath(new URL('./resume-build.js', import.meta.url))

type Files = ReadonlyMap<string, Buffer>

async function undisturbed(generation: number, inlineLimit: number, location: string): Promise<Files> {
  const path = join(folder, `undisturbed-${inlineLimit}-${generation}.parq`)
  const set = journalledSet({ parts: PARTS, generation })
  const options = { recordSize: 7, inlineLimit, location, onUnsupported: 'skip' } as const
  const report = await writeParquet(path, options)(streamOf(set))
  assert.deepEqual(
    report.skipped.map((each) => each.path),
    ['bad'],
  )
  assert.match(report.notes.map(({ reason }) => reason).join(), /^a remark,20 missing chunks are inlined/)
  return filesBelow(path)
}

interface Run {
  readonly path: string
  readonly events: string
  readonly generation: number
  readonly inlineLimit: number
}

/** Runs the build; it dies at an operation, or when this long has passed. */
async function run(
  { path, events, generation, inlineLimit }: Run,
  operation: number,
  mode: string,
  milliseconds?: number,
) {
  const numbers = [PARTS, operation, inlineLimit].map(String)
  const args = [PROGRAM, path, String(generation), numbers[0], events, numbers[1], mode, numbers[2]]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const closed = once(child, 'close')
  if (milliseconds !== undefined) await Promise.race([closed, delay(milliseconds)])
  if (milliseconds !== undefined) child.kill('SIGKILL')
  const [code, signal] = await closed
  assert.ok(code === 0 || signal === 'SIGKILL', `ended with ${code}`)
  return { died: code !== 0, lines: existsSync(events) ? readFileSync(events, 'utf8').split('\n') : [] }
}

/** A part is asked again only where its footer was not recorded. */
function checkEvents(lines: readonly string[], about: string): void {
  const done = new Set<string>()
  for (const [event, part] of lines.map((line) => line.split(' '))) {
    if (event === 'done') done.add(part)
    assert.ok(event !== 'asked' || !done.has(part), `part ${part} is asked again ${about}`)
  }
}

test('a build that is killed at any moment and resumed gives the bytes of an undisturbed one', async () => {
  await killAndResume(1000)
})

test('a build with chunks in files beside the shards, killed and resumed, gives the bytes of an undisturbed one', async () => {
  await killAndResume(6)
  const names = [...filesBelow(join(folder, 'undisturbed-6-0.parq')).keys()]
  assert.ok(names.filter((name) => /^raw\/copied\.\d+\.bin$/.test(name)).length > 5)
})

/** `inlineLimit`: bytes of a chunk that a shard takes inline. */
async function killAndResume(inlineLimit: number): Promise<void> {
  const seed = Number(process.env.KSTREAM_TEST_SEED ?? Date.now() % 1e9)
  const random = randomFrom(seed)
  const parent = join(folder, `killed-${inlineLimit}`)
  mkdirSync(parent)
  const path = join(parent, 'k.parq')
  let old: Files | undefined
  let operations = 0
  let kills = 0
  for (let generation = 0; kills < KILLS; generation++) {
    const expected = await undisturbed(generation, inlineLimit, path)
    const events = join(folder, `events-${inlineLimit}-${generation}`)
    const one = { path, generation, inlineLimit, events }
    for (let attempt = 0; ; attempt++) {
      const last = attempt === 12 || generation === 0
      const mode = ['before', 'after', 'torn'][Math.floor(random() * 3)]
      // Mostly in the middle of the work, now and then near its end, and at times by the clock.
      const share = random() < 0.3 ? 1 : 0.2
      const chosen = last ? 0 : Math.ceil(random() * share * operations)
      const byClock = !last && random() < 0.15 ? 60 + random() * 500 : undefined
      const about = `(seed ${seed}, generation ${generation}, attempt ${attempt}, ${mode} ${chosen}, ${byClock})`
      const { died, lines } = await run(one, byClock ? 0 : chosen, mode, byClock)
      checkEvents(lines, about)
      const ended = lines.find((line) => /^(written|unchanged)/.test(line))
      if (died) kills++
      if (!died && !ended?.startsWith('unchanged')) operations ||= Number(ended?.split(' ')[1])
      const journal = readdirSync(parent).some((name) => name.endsWith('.journal'))
      if (existsSync(path)) {
        const now = filesBelow(path)
        const isNew = sameFiles(now, expected)
        assert.ok(isNew || (old && sameFiles(now, old)), `neither old nor new ${about}`)
        assert.ok(!ended || isNew, `not what an undisturbed build gives ${about}`)
        // Killed when all but cleaning up was done.
        if (isNew && !journal) break
      } else assert.ok(died, `nothing there ${about}`)
      if (!died) break
    }
    await recoverLeftovers(path)
    assert.deepEqual(readdirSync(parent), ['k.parq'], 'nothing is left behind')
    assert.ok(sameFiles(filesBelow(path), expected), `generation ${generation} (seed ${seed})`)
    old = expected
    if (generation === 0) assert.ok(operations > 100)
  }
}

function sameFiles(a: Files, b: Files): boolean {
  return a.size === b.size && [...a].every(([name, bytes]) => b.get(name)?.equals(bytes))
}
