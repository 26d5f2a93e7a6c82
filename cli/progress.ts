/** Progress on stderr: a line that is rewritten on a terminal, or an event a line as JSON. */
import { chunkCount, gridShape, type Header, type Tally } from '../lib/index.ts'
import { type Arguments, choiceOf, valueOption } from './option.ts'
import { type MessageStream, type Surroundings, say } from './output.ts'
import { formatBytes, formatCount, formatPlural, formatSeconds } from './text-table.ts'

const PROGRESS_MODES = ['auto', 'json', 'none'] as const
export type ProgressMode = (typeof PROGRESS_MODES)[number]

/** The option of each command that shows progress. */
export const PROGRESS_OPTIONS = {
  progress: valueOption(`On stderr: ${PROGRESS_MODES.join(', ')}`, { defaultDescription: 'auto' }),
}

/** @throws UsageError for a mode that there is not. */
export function progressModeOf(args: Arguments): ProgressMode {
  return choiceOf(args, 'progress', PROGRESS_MODES) ?? 'auto'
}

/** Milliseconds: nothing is shown for what is over within a second. */
const PATIENCE = 1000
/** Milliseconds between two updates. */
const INTERVAL = { auto: 200, json: 1000 }

/** Columns of a terminal that does not tell them, or tells 0. */
const WIDTH = 80

const ERASE_LINE = '\r\u001b[K'

interface ProgressEvent {
  readonly event: 'progress' | 'done'
  readonly phase: string
  readonly files: number
  readonly filesTotal: number | null
  readonly references: number
  /** The most references there can be; null until the plan is known. */
  readonly referencesTotal: number | null
  readonly bytes: number
  readonly requests: number
  readonly seconds: number
  readonly etaSeconds: number | null
}

/** Shows how far a command has come, from its tally. */
export class Progress {
  readonly #mode: ProgressMode
  readonly #tally: Tally
  readonly #stream: MessageStream
  readonly #began = performance.now()
  #phase = 'headers'
  #phaseBegan = performance.now()
  #referencesTotal: number | undefined
  /** Those that were read for planning. */
  #referencesBefore = 0
  #written: number | undefined
  #bytesTotal: number | undefined
  #timer: NodeJS.Timeout | undefined
  #lineShown = false
  #ended = false

  constructor(mode: ProgressMode, tally: Tally, stream: MessageStream) {
    this.#mode = mode
    this.#tally = tally
    this.#stream = stream
    if (mode === 'none' || (mode === 'auto' && !stream.isTTY)) return
    this.#timer = setInterval(() => this.#update(), INTERVAL[mode]).unref()
  }

  /** The headers are read and planned: from now on references are, at most as many as the grids have chunks. */
  beginReferences({ arrays }: Header): void {
    this.#phase = 'references'
    this.#phaseBegan = performance.now()
    this.#referencesBefore = this.#tally.references
    const extents = arrays.map(({ shape }) => shape.filter((extent) => extent !== null))
    if (arrays.some(({ shape }, index) => shape.length !== extents[index].length)) return
    this.#referencesTotal = arrays.reduce(
      (total, { chunkShape }, index) => total + chunkCount(gridShape(extents[index], chunkShape)),
      0,
    )
  }

  /** So many bytes will be read in all: files that are read from front to back tell by them how far that has come. */
  expectBytes(bytes: number): void {
    this.#bytesTotal = bytes
  }

  /** So many chunks have been written: other than are read where they are split or merged. */
  wrote(chunks: number): void {
    this.#written = chunks
  }

  get #references(): number {
    return this.#written ?? this.#tally.references - this.#referencesBefore
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000
  }

  /** Ends it, once: takes the line away, or reports a last event. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#timer)
    this.#timer = undefined
    this.clear()
    if (this.#mode === 'json') this.#stream.write(`${JSON.stringify(this.#event('done'))}\n`)
  }

  /** Takes the line away, so that something else can be said. */
  clear(): void {
    if (this.#lineShown) this.#stream.write(ERASE_LINE)
    this.#lineShown = false
  }

  #update(): void {
    if (performance.now() - this.#began < PATIENCE) return
    const event = this.#event('progress')
    if (this.#mode === 'json') {
      this.#stream.write(`${JSON.stringify(event)}\n`)
      return
    }
    const line = progressLine(event).slice(0, (this.#stream.columns || WIDTH) - 1)
    this.#stream.write(`${ERASE_LINE}${line}`)
    this.#lineShown = true
  }

  #event(event: 'progress' | 'done'): ProgressEvent {
    const { files, filesTotal, bytes, requests } = this.#tally
    return {
      event,
      phase: this.#phase,
      files,
      filesTotal: filesTotal ?? null,
      references: this.#references,
      referencesTotal: this.#referencesTotal ?? null,
      bytes,
      requests,
      seconds: Math.round(this.seconds * 1000) / 1000,
      etaSeconds: event === 'done' ? 0 : this.#eta(),
    }
  }

  /** From the share of the bytes or of the phase that is done; null where that cannot be told. */
  #eta(): number | null {
    const { bytes } = this.#tally
    if (this.#bytesTotal !== undefined && bytes > 0 && bytes <= this.#bytesTotal)
      return Math.round((this.seconds * (this.#bytesTotal - bytes)) / bytes)
    const headers = this.#phase === 'headers'
    const done = headers ? this.#tally.files : this.#references
    const total = headers ? this.#tally.filesTotal : this.#referencesTotal
    if (total === undefined || done === 0 || done > total) return null
    const seconds = (performance.now() - this.#phaseBegan) / 1000
    return Math.round((seconds * (total - done)) / done)
  }
}

/** Says in the end how many files were `done`, and what was read for it. */
export function sayWork(done: string, tally: Tally, progress: Progress, around: Surroundings): void {
  const reads = `${formatBytes(tally.bytes)} in ${formatPlural(tally.requests, 'read')}`
  say(around, `${formatPlural(tally.files, 'file')} ${done} in ${formatSeconds(progress.seconds)}: ${reads}`)
}

/** One line for a terminal. */
export function progressLine(event: ProgressEvent): string {
  const files =
    event.filesTotal === null ? formatPlural(event.files, 'file') : filesOf(event.files, event.filesTotal)
  const parts = [
    event.phase === 'headers' ? `reading headers: ${files}` : files,
    formatPlural(event.references, 'reference'),
    `${formatBytes(event.bytes)} read`,
    formatPlural(event.requests, 'request'),
  ]
  if (event.etaSeconds !== null) parts.push(`${formatSeconds(event.etaSeconds)} left`)
  return parts.join(', ')
}

function filesOf(files: number, total: number): string {
  return `${formatCount(files)} of ${formatPlural(total, 'file')}`
}
