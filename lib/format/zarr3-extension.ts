/** A name and its configuration: how Zarr v3 spells data types, codecs and grids ("Extension definition" of the v3 specification). */
import { isJsonObject, type JsonObject, type PythonJson } from './python-json.ts'

/** What a document says that is wrong, or that Zarr v2 has no words for. */
export interface Zarr3Refusals {
  /** The document breaks the specification. */
  readonly refuse: (problem: string) => never
  /** It is valid, but cannot be expressed. */
  readonly unsupported: (feature: string) => never
}

/** A name, alone or with a configuration. */
export interface Extension {
  readonly name: string
  readonly configuration: JsonObject
}

/** Takes a name alone too. `what` is how messages call it: 'data_type'. */
export function parseExtension(
  { refuse }: Zarr3Refusals,
  what: string,
  json: PythonJson | undefined,
): Extension {
  if (typeof json === 'string') return { name: json, configuration: {} }
  if (!isJsonObject(json) || typeof json.name !== 'string') return refuse(`${what} has no name`)
  const { name, configuration = {} } = json
  if (!isJsonObject(configuration)) return refuse(`${what} has a configuration that is no object`)
  return { name, configuration }
}

/** A whole number of a configuration, at least `least`. */
export function parseWhole(
  { refuse }: Zarr3Refusals,
  what: string,
  json: PythonJson | undefined,
  least: number,
): number {
  const value = typeof json === 'bigint' ? Number(json) : Number.NaN
  return Number.isSafeInteger(value) && value >= least
    ? value
    : refuse(`${what} is no whole number from ${least} on`)
}
