/** The journal of a build as the command line sees it: how much of an earlier run it knows, and what is kept. */
import { type BuildJournal, type Journal, openJournal, type Tally } from '../lib/index.ts'
import { type BuildOptions, buildKey } from './build-options.ts'
import { type Surroundings, say } from './output.ts'
import { formatCount, formatPlural } from './text-table.ts'

/** The journal of one build, and what is said of it. */
export class BuildLog {
  readonly journal: Journal
  readonly #around: Surroundings
  readonly #tally: Tally
  /** Headers and footers that the journal knew. */
  #known = 0
  #isPlanned = false
  #isClosed = false

  constructor(journal: Journal, tally: Tally, around: Surroundings) {
    this.journal = journal
    this.#tally = tally
    this.#around = around
  }

  /** @throws WriteError where it cannot be written beside the output. */
  static async open(options: BuildOptions, tally: Tally, around: Surroundings): Promise<BuildLog> {
    const { output, resume, append } = options
    // --append does not go with --resume: it begins anew.
    const journal = await openJournal(output, { resume, key: buildKey(options), keep: !append })
    if (resume && journal.resumed === 'nothing') {
      const why = journal.discarded === undefined ? 'no unfinished build is there' : journal.discarded
      say(around, `Nothing to resume (${why}): building from the start`)
    }
    return new BuildLog(journal, tally, around)
  }

  /** For `scan`: counts the files that need not be read again for their headers. */
  get headers(): BuildJournal {
    const { journal } = this
    return {
      header: (source) => {
        const header = journal.header(source)
        if (header) this.#known++
        return header
      },
      putHeader: (source, header) => journal.putHeader(source, header),
      values: (key) => journal.values(key),
      putValues: (key, values) => journal.putValues(key, values),
      begin: (fingerprint) => journal.begin(fingerprint),
      footer: (part) => journal.footer(part),
      putFooter: (part, footer) => journal.putFooter(part, footer),
      batch: (part, index) => journal.batch(part, index),
      putBatch: (part, index, batch) => journal.putBatch(part, index, batch),
    }
  }

  /** All headers are there: from now on what is done is kept, whatever an input does. */
  planned(): void {
    this.#isPlanned = true
    if (this.journal.resumed === 'nothing') return
    const files = `${formatCount(this.#known)} of ${formatPlural(this.#tally.files, 'file')}`
    say(this.#around, `Resuming: ${files} were scanned before`)
  }

  /** The build has ended, with this error if any; says whether it can be resumed. A second call does nothing. */
  async close(error?: unknown): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const { aborted } = this.#around.signal
    const isWorthIt = this.#isPlanned || (aborted && this.#tally.files > 0)
    await this.journal.close(isWorthIt ? error : undefined)
    if (this.journal.kept) say(this.#around, 'What is done is kept: the same command with --resume goes on')
    else if (aborted) say(this.#around, 'The unfinished set is not kept')
  }
}
