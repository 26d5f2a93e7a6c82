/** Members of lines as what they should be. */
import { isJsonObject, type JsonObject, type PythonJson } from '../python-json.ts'
import type { RefuseLine } from './line-error.ts'

/** Text; undefined where it is left out. */
export function textOf(refuse: RefuseLine, object: JsonObject, name: string): string | undefined {
  const value = object[name]
  return value === undefined || typeof value === 'string' ? value : refuse(`${name} is no text`)
}

/** Text that must be there. */
export function neededText(refuse: RefuseLine, object: JsonObject, name: string): string {
  return textOf(refuse, object, name) ?? refuse(`has no ${name}`)
}

/** A list; empty where it is left out. */
export function listOf(refuse: RefuseLine, object: JsonObject, name: string): readonly PythonJson[] {
  const value = object[name]
  if (value === undefined) return []
  return Array.isArray(value) ? value : refuse(`${name} is no list`)
}

/** A list of objects; empty where it is left out. */
export function objectsOf(refuse: RefuseLine, object: JsonObject, name: string): readonly JsonObject[] {
  return listOf(refuse, object, name).map((item) =>
    isJsonObject(item) ? item : refuse(`${name} is no list of objects`),
  )
}

/** A list of texts; empty where it is left out. */
export function textsOf(refuse: RefuseLine, object: JsonObject, name: string): readonly string[] {
  return listOf(refuse, object, name).map((item) =>
    typeof item === 'string' ? item : refuse(`${name} is no list of texts`),
  )
}

/** A whole number from 0 to 2^53, however it is spelt; undefined where it is left out. */
export function countOf(refuse: RefuseLine, object: JsonObject, name: string): number | undefined {
  const value = object[name]
  if (value === undefined) return undefined
  const count = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number.NaN
  if (Number.isSafeInteger(count) && count >= 0) return count
  return refuse(`${name} is no whole number from 0 to 2^53: ${String(value).slice(0, 40)}`)
}

/** Yes or no; no where it is left out. */
export function flagOf(refuse: RefuseLine, object: JsonObject, name: string): boolean {
  const value = object[name] ?? false
  return typeof value === 'boolean' ? value : refuse(`${name} is neither true nor false`)
}

/** Where a remark belongs, and the remark. */
export function remarksOf(
  refuse: RefuseLine,
  object: JsonObject,
  name: string,
): { readonly path: string; readonly reason: string }[] {
  return objectsOf(refuse, object, name).map((remark) => ({
    path: textOf(refuse, remark, 'path') ?? '',
    reason: neededText(refuse, remark, 'reason'),
  }))
}
