/** Holds the layout: imports go down the levels, formats keep apart, no cycles, small files, one file a package. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix, relative, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The layout, top to bottom: a file imports from further down this list, or from its own place in it. */
const PLACES: readonly string[] = [
  'cli/',
  'lib/index.ts',
  'lib/scan.ts',
  'lib/write/',
  'lib/transform/',
  'lib/plan/',
  'lib/format/',
  'lib/store/',
  'lib/codec/',
  'lib/stream/',
  'lib/source/',
  'lib/model/',
  'lib/errors.ts',
]

/** Statements begin their line, so that code within strings is none; `import('x')` stands anywhere. */
const IMPORT = /^(?:import|export)\b(?:[^'"]*?\bfrom)?\s*'([^']+)'|\bimport\('([^']+)'\)/gm

const FORBIDDEN_NAMES = /^(utils?|helpers?|common|misc|core|types)$/

interface SourceFile {
  readonly path: string
  readonly text: string
  /** Repository paths of relative imports. */
  readonly imports: readonly string[]
  readonly packages: readonly string[]
}

function readTree(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/')
      const text = readFileSync(join(ROOT, path), 'utf8')
      const specifiers = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2])
      return {
        path,
        text,
        imports: specifiers
          .filter((name) => name.startsWith('.'))
          .map((name) => posix.join(posix.dirname(path), name)),
        packages: specifiers.filter((name) => !name.startsWith('.') && !name.startsWith('node:')),
      }
    })
}

const library = readTree('lib')
const command = readTree('cli')
const sources = [...library, ...command]

function placeOf(path: string): number {
  const place = PLACES.findIndex((prefix) => path.startsWith(prefix))
  assert.notEqual(place, -1, `${path} has no place in the layout`)
  return place
}

test('imports go down the layout', () => {
  const wrong = sources.flatMap((file) =>
    file.imports
      .filter((target) => placeOf(target) < placeOf(file.path))
      .map((target) => `${file.path} imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('formats never import each other', () => {
  const formatOf = (path: string) => /^lib\/format\/([^/]+)\//.exec(path)?.[1]
  const wrong = library.flatMap((file) =>
    file.imports
      .filter((target) => formatOf(file.path) && formatOf(target) && formatOf(target) !== formatOf(file.path))
      .map((target) => `${file.path} imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('the command imports the public API alone', () => {
  const wrong = command.flatMap((file) =>
    file.imports
      .filter((target) => target !== 'lib/index.ts' && !target.startsWith('cli/'))
      .map((target) => `${file.path} imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('there are no import cycles', () => {
  const graph = new Map(sources.map((file) => [file.path, file.imports]))
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path))
      assert.fail(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`)
    if (done.has(path)) return
    for (const target of graph.get(path) ?? []) walk(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
})

test('every relative import names a file that is there', () => {
  const paths = new Set(sources.map((file) => file.path))
  const missing = sources.flatMap((file) =>
    file.imports.filter((target) => !paths.has(target)).map((target) => `${file.path}: ${target}`),
  )
  assert.deepEqual(missing, [])
})

test('files stay under 300 lines and begin by saying what they are', () => {
  for (const file of sources) {
    const lines = file.text.split('\n').length - 1
    assert.ok(lines < 300, `${file.path} has ${lines} lines`)
    assert.match(file.text, /^(#![^\n]*\n)?\/\*\*/, `${file.path} does not begin with a comment`)
  }
})

test('no file or folder is a junk drawer', () => {
  for (const file of sources) {
    const words = [basename(file.path, '.ts').replace(/\.d$/, ''), ...dirname(file.path).split('/')]
    for (const word of words) assert.doesNotMatch(word, FORBIDDEN_NAMES, file.path)
  }
})

test('each package is listed, and imported by one file', () => {
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  )
  const importers = new Map<string, Set<string>>()
  for (const file of sources) {
    for (const specifier of file.packages) {
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
      importers.set(name, (importers.get(name) ?? new Set()).add(file.path))
    }
  }
  for (const [name, files] of importers) {
    assert.ok(name in manifest.dependencies, `${name} is imported by ${[...files]} and not a dependency`)
    assert.equal(files.size, 1, `${name} is imported by ${[...files].join(', ')}`)
  }
  const unused = Object.keys(manifest.dependencies).filter((name) => !importers.has(name))
  assert.deepEqual(unused, [], 'dependencies that nothing imports')
})

/** Thrown and caught within lib/codec, where decode-chunk.ts turns it into a FormatError that says which chunk. */
const INTERNAL_ERRORS = new Map([['DecodeProblem', 'lib/codec/']])

test('every throw in the library is typed', () => {
  const plain = library.flatMap((file) =>
    [...file.text.matchAll(/throw new (\w+)/g)]
      .map((match) => match[1])
      .filter((name) => !/^(Format|Unsupported|Source|Plan|Write|Usage|KStream)Error$/.test(name))
      .filter((name) => !file.path.startsWith(INTERNAL_ERRORS.get(name) ?? '-'))
      .map((name) => `${file.path}: ${name}`),
  )
  assert.deepEqual(plain, [])
})
