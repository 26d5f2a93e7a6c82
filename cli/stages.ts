/** What a command does to sets before and after they are joined. */

import { resolve } from 'node:path'
import {
  compose,
  INLINE_LIMIT,
  inline,
  type ReferenceSet,
  rewritePaths,
  rewrittenPath,
  type Stage,
} from '../lib/index.ts'
import { planningStages } from './combination.ts'
import { LeftAsIs } from './left-as-is.ts'
import type { PlanningOptions } from './planning-options.ts'

/** The options that change references on their way. */
export interface StageOptions extends PlanningOptions {
  readonly rewritePaths: Readonly<Record<string, string>> | undefined
  /** Bytes; 0 for none. */
  readonly inlineThreshold: number
}

/** Stages, and what they could not do. */
export interface Stages {
  /** On the set of each file. */
  readonly before: Stage
  /** On the joined set. */
  readonly after: Stage
  /** Arrays that the stages did not split or merge. */
  readonly left: LeftAsIs
}

/** File by file: its small chunks lie together and are read together. Paths after that, which reads them where they are. */
export function makeStages(options: StageOptions): Stages {
  const { inlineThreshold, rewritePaths: prefixes } = options
  const inlining = inlineThreshold > 0 ? [inline({ threshold: inlineThreshold })] : []
  const left = new LeftAsIs()
  return {
    left,
    before: compose(...planningStages(options, left.add), ...inlining),
    after: prefixes ? rewritePaths(prefixes) : compose(),
  }
}

/** The first of the sets; undefined where there is none. */
export async function firstSet(sets: AsyncIterable<ReferenceSet>): Promise<ReferenceSet | undefined> {
  for await (const set of sets) return set
  return undefined
}

/** Where readers will find what is copied into the set, and how large a chunk its shards may hold. */
export function placement(
  output: string,
  { rewritePaths: prefixes, inlineThreshold }: StageOptions,
): { readonly location: string | undefined; readonly inlineLimit: number } {
  const place = resolve(output)
  const written = prefixes ? rewrittenPath(prefixes, place) : place
  return {
    location: written === place ? undefined : written,
    inlineLimit: Math.max(INLINE_LIMIT, inlineThreshold),
  }
}
