/**
 * Sets as NDJSON: a line for the header, one for each reference, one for the footer, each a JSON object (RFC 8259, UTF-8)
 * that is told apart by `kind`. Read by format/ndjson; meant to be written by any other tool too. Members of other
 * names are ignored. In what follows those with `?` may be left out.
 *
 * The header, the first line, has the sources, groups and arrays of one set:
 *     {"kind": "header", "version"?: 1, "sorted"?: true, "footer"?: true,
 *      "sources"?: [{"url": "/data/a.nc", "size": 123, "external"?: true, "etag"?: "\"x\"", "lastModified"?: "2020-01-01T00:00:00.000Z"}],
 *      "groups"?: [{"path": "", "attributes"?: {"title": "a"}, "nonFinite"?: [], "unlimitedDims"?: ["time"]}],
 *      "arrays": [{"path": "g/t", "dims"?: ["time", "x"], "shape": [3, 4], "chunkShape": [1, 2], "dataType": "<f4",
 *                  "fillValue"?: null, "fill"?: "0000c07f", "codecs"?: [{"id": "zlib", "level": 4}],
 *                  "attributes"?: {"valid_min": "-Infinity"}, "nonFinite"?: ["valid_min"]}],
 *      "skipped"?: [{"path": "v", "reason": "object references"}], "notes"?: [{"path": "g/t", "reason": "a remark"}]}
 * - `kind` comes first, so that a file is told by its beginning;
 * - `sorted`: the chunks of each array ascend by their coordinates, the first axis first, whether arrays follow one
 *   another or take turns: readers need not sort. A file that breaks the promise is refused;
 * - `footer`: a footer ends the file, so that one that was cut off between two lines is told;
 * - `sources`: the files that references point into, `size` in bytes; `external` where only another source names it;
 * - `groups`: the root ('') and all that arrays lie in; made where they are left out;
 * - `dims`: a name for each axis, 'dim_0' and so on by default; `shape`: null for an extent that the footer tells;
 * - `dataType`: as in Zarr v2's `dtype`, a NumPy type string or the list of a structure's fields;
 * - `fillValue`: as in Zarr v2's `fill_value`: what absent chunks read as, null for nothing special. `fill`: the bytes of
 *   that element in hexadecimal, where `fillValue` does not tell them exactly; it counts then;
 * - `codecs`: numcodecs' configurations in the order in which they are applied when writing, a compressor last;
 * - `attributes`: `1.0` is a floating-point number, `1` an integer of any size. JSON has no number for NaN, Infinity and
 *   -Infinity: they are these strings, and `nonFinite` has the names of the attributes in which all such strings stand
 *   for numbers, or, where one attribute has both, lists of steps to a number: ["name", 0, "member"];
 * - `skipped`: what the sources hold and the set does not; `notes`: remarks.
 *
 * A line for each chunk, in any order but for `sorted`; a chunk without a line is missing:
 *     {"kind":"reference","array":"g/t","chunk":"0.1","path":"/data/a.nc","offset":8192,"length":100,"filterMask"?:1}
 *     {"kind":"reference","array":"g/t","chunk":"0.2","inline":"AQID","filterMask"?:1}
 * - `chunk`: its coordinates in the grid; '0' for an array without axes;
 * - `path`: absolute path or URL; `offset` and `length` in bytes, both left out for the whole file; `inline`: base64;
 * - `filterMask`: HDF5's, of the codecs that were not applied to this chunk: the lowest bit is the first.
 *
 * The footer, the last line, optional as a whole:
 *     {"kind":"footer","arrays"?:[{"path":"g/t","shape":[3,4],"missing"?:4}],"dropped"?:["v"],
 *      "coverage"?:[{"path":"g/t","outcome":"referenced","reason"?:"why copied"}],"notes"?:[{"path":"g/t","reason":"a remark"}]}
 * - `shape`: all extents; `missing`: chunks of the grid without a line, by which a file that lacks lines is told;
 * - `dropped`: arrays that turned out to be nothing that references express: their lines do not count;
 * - `coverage`: what became of each array: `referenced`, `copied` (values are in the set) or `skipped`; `notes`: all remarks.
 */
import { UnsupportedError } from '../errors.ts'
import { gridShape } from '../model/chunk-grid.ts'
import type { ArrayMetadata, Header } from '../model/metadata.ts'
import { type Footer, INLINE, type ReferenceBatch } from '../model/reference-batch.ts'
import type { ReferenceSet } from '../model/reference-set.ts'
import type { Stage } from '../stream/stage.ts'
import { headerLine } from './ndjson-header.ts'

export { headerLine }

/** The footer's line, without its end; `header` is that of the set. */
export function footerLine(footer: Footer, { arrays }: Header): string {
  const { shapes, missing, dropped, coverage } = footer
  return JSON.stringify({
    kind: 'footer',
    arrays: arrays.map(({ path }, index) => ({ path, shape: shapes[index], missing: missing[index] })),
    dropped: dropped.map((index) => arrays[index].path),
    coverage: coverage.arrays.map(({ path, outcome, reason }) => ({ path, outcome, reason })),
    notes: coverage.notes.map(({ path, reason }) => ({ path, reason })),
  })
}

/** The grid's trailing extents are all that keys need, so an array that still grows along its first axis has them too. */
function keyGrid({ path, shape, chunkShape }: ArrayMetadata): number[] {
  const extents = shape.map((extent, axis) => {
    if (extent === null && axis > 0) {
      throw new UnsupportedError('chunks by their coordinates while an axis behind the first grows', {
        array: path,
      })
    }
    return extent ?? Number.MAX_SAFE_INTEGER
  })
  return gridShape(extents, chunkShape)
}

const SMALL = 2 ** 30
const DIGITS = 1e8

/** A whole number in digits: V8 prints small integers three times as fast as others, of which offsets are made. */
function digits(number: number): string {
  if (number < SMALL) return String(number | 0)
  const upper = Math.floor(number / DIGITS)
  return String(upper) + String((number - upper * DIGITS + DIGITS) | 0).slice(1)
}

/** Zarr's keys of chunks; those that ascend by ones along the last axis share what comes before it. */
class ChunkKeys {
  readonly #grid: readonly number[]
  readonly #last: number
  #row = -1
  #prefix = ''

  constructor(grid: readonly number[]) {
    this.#grid = grid
    this.#last = grid.at(-1) ?? 1
  }

  key(chunk: number): string {
    const row = Math.floor(chunk / this.#last)
    if (row !== this.#row) {
      this.#row = row
      this.#prefix = ''
      let rest = row
      for (let axis = this.#grid.length - 2; axis >= 0; axis--) {
        this.#prefix = `${rest % this.#grid[axis]}.${this.#prefix}`
        rest = Math.floor(rest / this.#grid[axis])
      }
    }
    return this.#prefix + digits(chunk - row * this.#last)
  }
}

function placeText(batch: ReferenceBatch, row: number, paths: readonly string[]): string {
  const path = batch.path[row]
  if (path === INLINE) return `"inline":"${Buffer.from(batch.raw?.[row] ?? []).toString('base64')}"`
  const offset = batch.offset[row]
  const length = batch.length[row]
  if (offset === 0 && length === 0) return `"path":${paths[path]}`
  return `"path":${paths[path]},"offset":${digits(offset)},"length":${digits(length)}`
}

/** Paths in JSON, by the lists that batches share. */
const JSON_PATHS = new WeakMap<readonly string[], string[]>()

function jsonPaths(paths: readonly string[]): readonly string[] {
  const known = JSON_PATHS.get(paths) ?? []
  if (known.length === 0) JSON_PATHS.set(paths, known)
  for (let index = known.length; index < paths.length; index++) known.push(JSON.stringify(paths[index]))
  return known
}

/** A line for each row of the batch, each with its end; `array` is the one that the batch belongs to. */
export function batchLines(batch: ReferenceBatch, array: ArrayMetadata): string {
  const keys = new ChunkKeys(keyGrid(array))
  const start = `{"kind":"reference","array":${JSON.stringify(array.path)},"chunk":"`
  const paths = jsonPaths(batch.paths)
  let text = ''
  for (let row = 0; row < batch.rows; row++) {
    const mask = batch.filterMask?.[row] ?? 0
    const end = mask === 0 ? '}\n' : `,"filterMask":${mask}}\n`
    text += `${start}${keys.key(batch.chunk[row])}",${placeText(batch, row, paths)}${end}`
  }
  return text
}

/** A stage from sets to blocks of whole lines: of each set the header, the references, the footer. */
export function ndjson(): Stage<ReferenceSet, string> {
  return async function* (source, context) {
    for await (const set of source) {
      yield `${headerLine(set)}\n`
      for await (const item of set.body({ signal: context?.signal })) {
        if (item.kind === 'footer') yield `${footerLine(item, set.header)}\n`
        else yield batchLines(item, set.header.arrays[item.array])
      }
    }
  }
}
