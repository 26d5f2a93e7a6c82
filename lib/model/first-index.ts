/** Binary search. */

/**
 * The least whole number below `length` from which on `holds` holds, and `length` where there is none. What holds for a
 * number must hold for all that follow.
 */
export function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
