/** Names that no Zarr store can hold: of its own files, steps to other folders, parts of a path. */
const UNSAFE = /^(?:|\.{1,2}|\.z(?:group|array|attrs|metadata))$|[\0/]/

/** Why a node cannot have this name; undefined where it can. */
export function zarrNameProblem(name: string): string | undefined {
  return UNSAFE.test(name) ? `a Zarr store cannot hold the name ${JSON.stringify(name)}` : undefined
}
