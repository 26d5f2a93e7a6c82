/** Several stages as one. */
import type { ReferenceSet } from '../model/reference-set.ts'
import type { Stage } from './stage.ts'

/** The stages one after the other, first to last; none at all passes everything on. */
export function compose<T = ReferenceSet>(...stages: readonly Stage<T>[]): Stage<T> {
  return (source, context) => stages.reduce((flow, stage) => stage(flow, context), source)
}
