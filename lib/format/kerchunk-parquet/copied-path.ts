/** The files of a set that hold bytes copied into it: `ARRAY/copied.<k>.bin`, beside the shard `ARRAY/refs.<k>.parq`. */

const COPIED = /(?:^|\/)copied\.(?:0|[1-9]\d{0,14})\.bin$/

/** The name of the file beside a shard. */
export function copiedName(shard: number): string {
  return `copied.${shard}.bin`
}

/** What references to it hold, for a set that its readers find at `location`. */
export function copiedPath(location: string, array: string, shard: number): string {
  return `${location}/${array}/${copiedName(shard)}`
}

/** Whether a path may be that of a copied file of the set at `root`. */
export function isCopiedPath(path: string, root: string): boolean {
  return path.startsWith(`${root}/`) && COPIED.test(path)
}
