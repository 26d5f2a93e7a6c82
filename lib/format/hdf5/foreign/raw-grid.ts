/** Chunk grids over values that are spread over several raw files, one after the other: pure arithmetic. */

/**
 * The chunk shape of the largest pieces, one run of bytes each in C order, of which none crosses a cut.
 * @param cuts bytes from the start of the values, ascending, each inside them.
 * @param whole whether the pieces divide the axis that is cut, so that none reaches beyond it.
 * @returns undefined where an element itself is cut.
 */
export function uncutShape(
  shape: readonly number[],
  itemBytes: number,
  cuts: readonly number[],
  whole: boolean,
): number[] | undefined {
  let row = shape.reduce((product, extent) => product * extent, itemBytes)
  if (cuts.length === 0) return [...shape]
  for (const [axis, extent] of shape.entries()) {
    row /= extent
    if (cuts.some((cut) => cut % row !== 0)) continue
    const positions = cuts.map((cut) => (cut / row) % extent)
    const common = positions.reduce(divisor, whole ? extent : 0) || extent
    return shape.map((own, i) => (i < axis ? 1 : i === axis ? common : own))
  }
  return undefined
}

function divisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b]
  return a
}
