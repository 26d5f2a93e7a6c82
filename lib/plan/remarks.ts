/** Harmless differences between inputs: told once, and the first input's kept. */
import type { Attributes, Skipped } from '../model/metadata.ts'
import { DECODING_ATTRIBUTES, sameAttribute } from './barriers.ts'
import { arrayOf, firstFileOf, type PlanInput } from './plan-input.ts'

const DECODING: readonly string[] = DECODING_ATTRIBUTES

interface RemarkOptions {
  readonly mergeVariables: boolean
  /** Whether inputs have an order of their own, so that it is the same which of them is the first to differ. */
  readonly ordered: boolean
}

/**
 * The notes of all inputs, and what differs between them. Each says which file is the first that differs and no
 * number of files, so that it is the same however files were put together before.
 */
export function collectRemarks(
  inputs: readonly PlanInput[],
  { mergeVariables, ordered }: RemarkOptions,
): Skipped[] {
  const notes = new Map<string, Skipped>()
  const keep = (note: Skipped) => {
    const key = remarkKey(note)
    if (!notes.has(key)) notes.set(key, ordered ? note : { ...note, reason: withoutFile(note.reason) })
  }
  const add = (path: string, what: string, file: string, result: string) =>
    keep({ path, reason: `${what} (first in ${file}): ${result}` })
  const [first] = inputs
  for (const input of inputs) {
    if (input !== first) compareGroups(first, input, mergeVariables, add)
    if (input !== first) compareArrays(first, input, add)
    for (const note of input.set.header.notes) keep(note)
  }
  return [...notes.values()]
}

type AddRemark = (path: string, what: string, file: string, result: string) => void

/** Remarks that differ only in the file that shows them first are one. */
export function remarkKey({ path, reason }: Skipped): string {
  return `${path}\0${withoutFile(reason)}`
}

function withoutFile(reason: string): string {
  return reason.replace(/ \(first in .*\): /, ': ')
}

function compareGroups(first: PlanInput, input: PlanInput, mergeVariables: boolean, add: AddRemark): void {
  const { groups } = first.set.header
  if (input.set.header.groups === groups) return
  for (const group of input.set.header.groups) {
    const kept = groups.find(({ path }) => path === group.path)
    const path = group.path || '/'
    if (kept) compareAttributes(path, kept.attributes, group.attributes, input, add)
    else if (!mergeVariables)
      add(path, 'a group that the first file lacks', firstFileOf(input), 'it is left out')
  }
}

function compareArrays(first: PlanInput, input: PlanInput, add: AddRemark): void {
  for (const array of input.set.header.arrays) {
    const kept = arrayOf(first, array.path)
    if (kept) compareAttributes(array.path, kept.attributes, array.attributes, input, add)
  }
}

function compareAttributes(
  path: string,
  a: Attributes,
  b: Attributes,
  input: PlanInput,
  add: AddRemark,
): void {
  if (a === b) return
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (DECODING.includes(name) || sameAttribute(a[name], b[name])) continue
    add(path, `attribute ${name} differs`, firstFileOf(input), "the first file's is kept")
  }
}
