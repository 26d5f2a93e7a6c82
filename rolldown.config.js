/** The command line as few files: Node loads hundreds of small modules more slowly than most commands run. */
import manifest from './package.json' with { type: 'json' }

/** Bundled, since every command loads it; the other packages are loaded by what needs them. */
const BUNDLED = 'yargs'
const packages = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })

export default {
  input: 'cli/index.ts',
  platform: 'node',
  external: (id) => packages.some((name) => name !== BUNDLED && (id === name || id.startsWith(`${name}/`))),
  output: {
    dir: 'dist/cli',
    format: 'esm',
    chunkFileNames: '[name]-chunk.js',
  },
}
