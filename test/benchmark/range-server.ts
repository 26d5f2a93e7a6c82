/**
 * A far object store on this machine: files by ranges, with a latency for each request and one link that all share.
 * `node range-server.js FOLDER [--port 0] [--latency 20] [--bandwidth 100]` (ms, MB/s; 0: none); prints its URL.
 * GET /__stats gives {requests, bytes} since it was last asked.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '0' },
    latency: { type: 'string', default: '20' },
    bandwidth: { type: 'string', default: '100' },
  },
})
const [folder = '.'] = positionals
const latency = Number(values.latency)
const bytesPerMs = values.bandwidth === '0' ? Number.POSITIVE_INFINITY : Number(values.bandwidth) * 1000

let stats = { requests: 0, bytes: 0 }
/** When the link has carried all that it was given, in ms of `performance.now()`. */
let linkFree = 0

/** Holds bytes back until the link has carried them. */
async function* paced(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of bytes) {
    linkFree = Math.max(linkFree, performance.now()) + piece.length / bytesPerMs
    const wait = linkFree - performance.now()
    // Timers are no finer than a millisecond.
    if (wait >= 1) await sleep(wait)
    stats.bytes += piece.length
    yield piece
  }
}

/** The first byte and the last, both included, of `bytes=A-B`, `bytes=A-` or `bytes=-N`. */
function rangeOf(header: string | undefined, size: number): [start: number, end: number] | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || match[0] === 'bytes=-') return undefined
  if (match[1] === '') return [Math.max(0, size - Number(match[2])), size - 1]
  return [Number(match[1]), match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]))]
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = join(folder, normalize(`/${decodeURIComponent((request.url ?? '/').split('?')[0])}`))
  const info = await stat(path).catch(() => undefined)
  if (!info?.isFile()) return void response.writeHead(404).end()
  const range = rangeOf(request.headers.range, info.size)
  const [start, end] = range ?? [0, info.size - 1]
  if (start > end) return void response.writeHead(416, { 'content-range': `bytes */${info.size}` }).end()
  response.writeHead(range ? 206 : 200, {
    'accept-ranges': 'bytes',
    'content-length': end - start + 1,
    ...(range && { 'content-range': `bytes ${start}-${end}/${info.size}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  await pipeline(createReadStream(path, { start, end, highWaterMark: 1 << 18 }), paced, response)
}

const server = createServer(async (request, response) => {
  if (request.url === '/__stats') {
    response.end(JSON.stringify(stats))
    stats = { requests: 0, bytes: 0 }
    return
  }
  stats.requests++
  if (latency > 0) await sleep(latency)
  // A reader may hang up at any time.
  await serve(request, response).catch(() => response.destroy())
})
server.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
