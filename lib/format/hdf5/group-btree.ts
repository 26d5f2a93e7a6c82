/** The B-tree v1 of an old-style group, node type 0 (HDF5 File Format 3.0, III.A.1). */
import type { Cursor } from './cursor.ts'
import { type Hdf5File, LIMITS } from './file.ts'
import { mapInFlight } from './in-flight.ts'
import { readGuess } from './speculative-read.ts'

const STRUCTURE = 'group B-tree node'

/** Reads the tree level by level: the addresses of its symbol table nodes, in the order of the names. */
export async function readGroupBtree(
  file: Hdf5File,
  address: number,
  signal?: AbortSignal,
): Promise<number[]> {
  const seen = new Set<number>()
  let nodes = [address]
  for (let level: number | undefined; nodes.length > 0; ) {
    const read = await mapInFlight(nodes, (node) => readNode(file, node, signal))
    const children = read.flatMap(({ cursor }) => parseChildren(file, cursor, seen))
    for (const node of read) {
      if (level !== undefined && node.level !== level - 1)
        throw node.cursor.error(`a node of level ${node.level}`, 5)
    }
    level = read[0].level
    if (level > LIMITS.depth) throw read[0].cursor.error(`a tree of ${level} levels`, 5)
    if (level === 0) return children
    nodes = children
  }
  return []
}

async function readNode(
  file: Hdf5File,
  address: number,
  signal?: AbortSignal,
): Promise<{ level: number; cursor: Cursor }> {
  const pair = file.lengthSize + file.offsetSize
  const least = 8 + 2 * file.offsetSize
  const guess = least + 2 * file.btreeK.groupInternal * pair + file.lengthSize
  const cursor = await readGuess(file, STRUCTURE, address, { least, guess }, signal)
  cursor.signature('TREE')
  if (cursor.u8() !== 0) throw cursor.error('not the tree of a group', 4)
  return { level: cursor.u8(), cursor }
}

/** The children of a node; a child that two nodes claim would make crafted trees endless. */
function parseChildren(file: Hdf5File, cursor: Cursor, seen: Set<number>): number[] {
  const used = cursor.u16()
  if (used > 2 * file.btreeK.groupInternal) throw cursor.error(`${used} entries`, 6)
  cursor.skip(2 * file.offsetSize)
  const children: number[] = []
  for (let i = 0; i < used; i++) {
    cursor.skip(file.lengthSize)
    const child = cursor.address(file.offsetSize)
    if (child === undefined || seen.has(child)) throw cursor.error(`child ${i} is undefined or another's`)
    seen.add(child)
    children.push(child)
  }
  return children
}
