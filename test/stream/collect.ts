/** All that a flow hands on, as an array (Array.fromAsync is not in Node 20). */
export async function collect<T>(flow: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of flow) items.push(item)
  return items
}
