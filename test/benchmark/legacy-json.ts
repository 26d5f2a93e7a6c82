/** How long a JSON reference set takes to be opened, and its references to be read: `node dist/test/benchmark/legacy-json.js refs.json`. */
import { open } from '../../lib/format/kerchunk-json/index.ts'
import { openFile } from '../../lib/source/file.ts'

const [path] = process.argv.slice(2)
if (path === undefined) throw new Error('usage: legacy-json.js refs.json')

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const began = cpuSeconds()
const source = await openFile(path)
const set = await open(source, (options) => openFile(path, options), { onUnsupported: 'fail' })
await source.close()
const opened = cpuSeconds()
let references = 0
for await (const part of set.body()) if (part.kind === 'batch') references += part.rows
const read = cpuSeconds()
const [opening, reading] = [opened - began, read - opened]
const memory = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(
  `${references} references: opened in ${opening.toFixed(2)} CPU s, read in ${reading.toFixed(2)} CPU s`,
)
console.log(`${Math.round(references / (opening + reading))} references/s, ${memory} MiB at most`)
