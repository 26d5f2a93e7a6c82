/** The command line as few files: Node loads hundreds of small modules more slowly than most commands run. */
import { fileURLToPath } from 'node:url'
import manifest from '../package.json' with { type: 'json' }

/** Bundled, since every command loads it; the other packages are loaded by what needs them. */
const BUNDLED = 'yargs'
const packages = Object.keys(manifest.dependencies)

export default {
  input: 'cli/index.ts',
  platform: 'node',
  external: (id) => packages.some((name) => name !== BUNDLED && (id === name || id.startsWith(`${name}/`))),
  resolve: {
    alias: { 'string-width': fileURLToPath(new URL('string-width.ts', import.meta.url)) },
  },
  output: {
    dir: 'dist/cli',
    format: 'esm',
    chunkFileNames: '[name]-chunk.js',
  },
}
