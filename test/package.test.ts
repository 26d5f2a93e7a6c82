/** The package as others get it: what is in it, and that it works when it is installed somewhere else. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fixture } from './fixture.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)
const LIMITS = { timeout: 240_000, maxBuffer: 1 << 26 }

const CONSUMER = `
import { pipeline } from 'node:stream/promises'
import { concat, isKStreamError, type ReferenceSet, type Stage, scan, select, Tally, writeParquet } from 'kstream'

const tally = new Tally()
const passOn: Stage = async function* (sets: AsyncIterable<ReferenceSet>) {
  for await (const set of sets) yield set
}
const report = await pipeline(
  scan(process.argv.slice(3), { tally }),
  select(['sst']),
  passOn,
  concat('time'),
  writeParquet(process.argv[2]),
)
const references: number = report.references
console.log(JSON.stringify({ references, files: tally.files, guard: isKStreamError(new Error('no')) }))
`

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules', '@types')],
  },
  include: ['*.ts'],
}

let folder = ''

/** From npm's own store of what it has fetched, and only where that lacks something from its registry. */
async function install(tarball: string): Promise<void> {
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', tarball]
  try {
    await run('npm', [...args, '--offline'], { cwd: folder, ...LIMITS })
  } catch {
    await run('npm', [...args, '--prefer-offline'], { cwd: folder, ...LIMITS })
  }
}

before(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'kstream-package-')))
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    ...LIMITS,
  })
  await writeFile(join(folder, 'pack.json'), stdout)
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  )
  await install(join(folder, JSON.parse(stdout)[0].filename))
})

after(() => rm(folder, { recursive: true, force: true }))

test('it holds the library, the command and its papers, and nothing else', async () => {
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(
    await readFile(join(folder, 'pack.json'), 'utf8'),
  )
  const paths = files.map(({ path }) => path)
  const papers = paths.filter((path) => !path.startsWith('dist/')).sort()
  assert.deepEqual(papers, ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
  const strange = paths.filter(
    (path) => path.startsWith('dist/') && !/^dist\/(lib|cli)\/.+\.(js|d\.ts)$/.test(path),
  )
  assert.deepEqual(strange, [])
  assert.ok(paths.includes('dist/lib/index.d.ts') && paths.includes('dist/cli/index.js'))
})

test('the licence and the manifest agree', async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  assert.equal(manifest.license, 'MIT')
  assert.match(
    await readFile(join(ROOT, 'LICENSE'), 'utf8'),
    /^MIT License\n\nCopyright \(c\) \d{4} kstream contributors/,
  )
  const changelog = await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8')
  assert.ok(changelog.includes(`## [${manifest.version}]`), 'the version has its entry in the changelog')
})

test('the lock file names no registry', async () => {
  const lock = await readFile(join(ROOT, 'package-lock.json'), 'utf8')
  assert.deepEqual(lock.match(/"resolved"|https?:\/\/[^"]*\.tgz/g), null)
})

test('installed elsewhere, the command runs, and so do the lines of JavaScript that it prints', async () => {
  const args = [fixture('ocean/ocean_month_1958_01.nc'), '-o', 'one.parq']
  const { stdout } = await run('npx', ['--no-install', 'kstream', 'build', ...args], {
    cwd: folder,
    ...LIMITS,
  })
  assert.match(stdout, /^Wrote one\.parq: 14 arrays/)
  const [, program] = stdout.split('In JavaScript:\n')
  await writeFile(join(folder, 'open.mjs'), `${program}\nconsole.log(group.attrs.title)`)
  const opened = await run(process.execPath, ['open.mjs'], { cwd: folder, ...LIMITS })
  assert.equal(opened.stdout, 'kstream sample ocean\n')
})

/** What the compiler says of the consumer and of our declarations; those of other packages are not ours to mend. */
async function typeErrors(tsc: string): Promise<string[]> {
  const args = [tsc, '-p', folder, '--pretty', 'false']
  const { stdout } = await run(process.execPath, args, { cwd: folder, ...LIMITS }).catch((failure) => failure)
  assert.equal(typeof stdout, 'string')
  return String(stdout)
    .split('\n')
    .filter((line) => /error TS/.test(line))
    .filter((line) => !/^node_modules\/(?!kstream\/)/.test(line))
}

test('installed elsewhere, a TypeScript program and those of the README type-check, and it runs', async () => {
  await writeFile(join(folder, 'consumer.ts'), CONSUMER)
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const programs = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1])
  assert.equal(programs.length, 2)
  for (const [index, program] of programs.entries())
    await writeFile(join(folder, `readme-${index}.ts`), program)
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const errors = await typeErrors(tsc)
  assert.deepEqual(errors, [])
  const files = ['01', '04'].map((month) => fixture(`ocean/ocean_month_1958_${month}.nc`))
  const { stdout } = await run(process.execPath, ['consumer.js', 'sst.parq', ...files], {
    cwd: folder,
    ...LIMITS,
  })
  const { references, files: count, guard } = JSON.parse(stdout)
  assert.ok(references > 0)
  assert.equal(count, 2)
  assert.equal(guard, false)
})
