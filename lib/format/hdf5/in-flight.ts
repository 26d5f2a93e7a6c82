/** Many asynchronous reads at once, but never more than a limit. */
import { damageOrThrow } from './damage.ts'

/** Reads in flight where the caller does not say. */
export const IN_FLIGHT = 64

/** Calls as `mapInFlight` does. What fails with damage is told when all have ended: always the first by the order of the items. */
export async function mapDamaged<T, R>(
  items: readonly T[],
  read: (item: T) => Promise<R>,
  limit: number = IN_FLIGHT,
): Promise<R[]> {
  const outcomes = await mapInFlight(
    items,
    async (item) => {
      try {
        return { value: await read(item) }
      } catch (error) {
        return { damage: damageOrThrow(error) }
      }
    },
    limit,
  )
  return outcomes.map((outcome) => {
    if ('damage' in outcome) throw outcome.damage
    return outcome.value
  })
}

/**
 * Calls `read` for every item, at most `limit` at once, and gives the results in the order of the items.
 * After a failure nothing more is started; the first error is thrown.
 */
export async function mapInFlight<T, R>(
  items: readonly T[],
  read: (item: T) => Promise<R>,
  limit: number = IN_FLIGHT,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const work = async () => {
    while (next < items.length) {
      const i = next++
      try {
        results[i] = await read(items[i])
      } catch (error) {
        next = items.length
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  return results
}
