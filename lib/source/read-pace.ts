/** Decides whether the next read of a file may block: a small moving measure of how long the last ones took. */

/** Milliseconds after which a single blocking read shows that the bytes are not in the page cache. */
const SLOW_READ = 1
/** Milliseconds of the moving average above which reads in parallel win over reads one after the other. */
const SLOW_AVERAGE = 0.1
/** Share of the newest read in the moving average. */
const WEIGHT = 1 / 16
/** Reads through the thread pool before another blocking read is tried. */
const SHORTEST_PAUSE = 64
/** Quick reads in a row after which a slow one is an exception: the process had to wait for its turn, say. */
const LONG_RUN = 64
const LONGEST_PAUSE = 8192

/**
 * A blocking read of cached bytes takes 2 to 4 µs, the same read through the thread pool 25 to 40 µs; where the
 * bytes have to come from a disk or a network file system, many reads in flight win by far. Only the reads
 * themselves tell which it is: blocking ones are timed, and when they prove slow a number of reads goes to the
 * pool before one is tried again. The number doubles each time they soon prove slow again.
 */
export class ReadPace {
  #average = 0
  #run = 0
  #pause = 0
  #waiting = 0

  /** Whether the next read may block; counts it. */
  mayBlock(): boolean {
    if (this.#waiting === 0) return true
    this.#waiting--
    return false
  }

  /** Tells how long a blocking read took, in milliseconds. */
  record(milliseconds: number): void {
    this.#average += (milliseconds - this.#average) * WEIGHT
    this.#run++
    if (milliseconds <= SLOW_READ && this.#average <= SLOW_AVERAGE) return
    const doubled = Math.min(Math.max(this.#pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE)
    this.#pause = this.#run > LONG_RUN ? SHORTEST_PAUSE : doubled
    this.#waiting = this.#pause
    this.#average = 0
    this.#run = 0
  }
}
