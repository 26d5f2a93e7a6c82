/** An asynchronous map with several items in flight, whose results come in the order of the inputs. */

interface MapOrderedOptions {
  /** Items taken from the source and not yet handed on, at most. */
  readonly concurrency: number
  readonly signal?: AbortSignal | undefined
}

interface Slot<O> {
  settled: boolean
  readonly outcome: Promise<O>
}

/** The items in flight and the one pull on the source; `changed` resolves when any of it moves. */
class Flight<I, O> {
  readonly slots: Slot<O>[] = []
  pulling = false
  ended = false
  #closed = false
  readonly #iterator: AsyncIterator<I> | Iterator<I>
  readonly #run: (item: I) => Promise<O>
  #wake: () => void = () => {}

  constructor(source: AsyncIterable<I> | Iterable<I>, run: (item: I) => Promise<O>) {
    this.#iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
    this.#run = run
  }

  readonly wake = (): void => this.#wake()

  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #launch(outcome: Promise<O>): void {
    const slot: Slot<O> = { settled: false, outcome }
    const settle = () => {
      slot.settled = true
      this.wake()
    }
    // Both arms: a failure waits for its turn, and is no unhandled rejection until then.
    outcome.then(settle, settle)
    this.slots.push(slot)
  }

  /** Takes one item of the source and starts its work. */
  async pull(): Promise<void> {
    this.pulling = true
    try {
      const next = await this.#iterator.next()
      if (next.done) this.ended = true
      else if (!this.#closed) this.#launch(this.#run(next.value))
    } catch (error) {
      this.ended = true
      this.#launch(Promise.reject(error))
    }
    this.pulling = false
    this.wake()
  }

  /** Waits for the work in flight and closes the source. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.slots.map((slot) => slot.outcome))
    if (this.ended) return
    const closing = Promise.resolve(this.#iterator.return?.())
    // A generator that is waiting for its own input closes only after that: not to be waited for.
    if (this.pulling) closing.catch(() => {})
    else await closing
  }
}

/**
 * Maps `source` by `work`, `concurrency` items at a time. Only a pull starts work: while nobody asks, nothing new
 * is taken from the source, and a source that has nothing at the moment holds no finished result back.
 * A failure comes in its turn, after the results before it. However this ends, the work in flight is aborted and
 * waited for, and the source closed.
 */
export async function* mapOrdered<I, O>(
  source: AsyncIterable<I> | Iterable<I>,
  work: (item: I, signal: AbortSignal) => Promise<O>,
  options: MapOrderedOptions,
): AsyncGenerator<O> {
  const { concurrency, signal } = options
  const ending = new AbortController()
  const inner = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal
  const flight = new Flight(source, async (item: I) => work(item, inner))
  signal?.addEventListener('abort', flight.wake)
  try {
    for (;;) {
      signal?.throwIfAborted()
      if (!flight.ended && !flight.pulling && flight.slots.length < concurrency) flight.pull()
      const head = flight.slots.at(0)
      if (head?.settled) {
        flight.slots.shift()
        yield await head.outcome
      } else if (!head && flight.ended) return
      else await flight.changed()
    }
  } finally {
    signal?.removeEventListener('abort', flight.wake)
    ending.abort()
    await flight.close()
  }
}
