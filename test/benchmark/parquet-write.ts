/**
 * How fast the Parquet sink writes, and in how many bytes: COSIMA-shaped references (1,024 sizes of 500 to 2,000 bytes),
 * and chunks of about 250 kB of which hardly two have one size. Run: node dist/test/benchmark/parquet-write.js [ROWS] [OUT]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Footer, ReferenceBatch } from '../../lib/model/reference-batch.ts'
import type { ReferenceSet } from '../../lib/model/reference-set.ts'
import { writeParquet } from '../../lib/write/parquet/sink.ts'
import { randomFrom } from '../seeded-random.ts'
import { arrayOf, streamOf } from '../write/synthetic.ts'

const ROWS = Number(process.argv[2] ?? 2_000_000)
const ROWS_OF_A_FILE = 3072
const CHUNKS_OF_A_STEP = 128
const ROUNDS = 5

const random = randomFrom(1)
const pool = Array.from({ length: 1024 }, () => 500 + Math.floor(random() * 1500))
const normal = () => Array.from({ length: 12 }, random).reduce((a, b) => a + b) - 6
const SIZES: Readonly<Record<string, () => number>> = {
  cosima: () => pool[Math.floor(random() * pool.length)],
  '250 kB': () => Math.floor(250_000 + normal() * 20_000),
}

function batchesOf(size: () => number): ReferenceBatch[] {
  const batches: ReferenceBatch[] = []
  for (let start = 0; start < ROWS; start += ROWS_OF_A_FILE) {
    const rows = Math.min(ROWS_OF_A_FILE, ROWS - start)
    const paths = [`/data/cosima/access-om2-025/output${batches.length}/ocean_month.nc`]
    const chunk = Float64Array.from({ length: rows }, (_, i) => start + i)
    const length = Float64Array.from({ length: rows }, size)
    const offset = new Float64Array(rows)
    let at = 5000
    for (let i = 0; i < rows; i++) {
      if (i % CHUNKS_OF_A_STEP === 0) at += 7_500_000 + Math.floor(random() * 20_000)
      offset[i] = at
      at += length[i]
    }
    batches.push({ kind: 'batch', array: 0, rows, chunk, path: new Uint32Array(rows), paths, offset, length })
  }
  return batches
}

function setOf(batches: readonly ReferenceBatch[]): ReferenceSet {
  const coverage = { arrays: [], notes: [] }
  const footer: Footer = { kind: 'footer', shapes: [[ROWS]], missing: [0], dropped: [], coverage }
  const header = { kind: 'header', groups: [], arrays: [arrayOf({ path: 'temp', shape: [ROWS] })] } as const
  return {
    header: { ...header, skipped: [], notes: [] },
    sources: [],
    replayable: true,
    body: () => streamOf<ReferenceBatch | Footer>(...batches, footer),
  }
}

const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), 'kstream-benchmark-'))
for (const [name, size] of Object.entries(SIZES)) {
  const set = setOf(batchesOf(size))
  for (let round = 1; round <= ROUNDS; round++) {
    const start = process.cpuUsage()
    const { bytes } = await writeParquet(join(folder, `${name}.parq`), { overwrite: true })(streamOf(set))
    const { user, system } = process.cpuUsage(start)
    const rate = ROWS / (user + system)
    console.log(
      `${name}, round ${round}: ${rate.toFixed(2)} M rows a CPU second, ${(bytes / ROWS).toFixed(2)} bytes a reference`,
    )
  }
}
if (process.argv[3] === undefined) rmSync(folder, { recursive: true })
