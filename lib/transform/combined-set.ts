/** Joined inputs as one set, and eras as groups of one set. */
import { createHash, randomUUID } from 'node:crypto'
import { PlanError } from '../errors.ts'
import type { BuildJournal } from '../model/build-journal.ts'
import type { GroupMetadata, Header } from '../model/metadata.ts'
import type { Footer, ReferenceBatch } from '../model/reference-batch.ts'
import type { BodyOptions, ReferenceSet, SourceInfo } from '../model/reference-set.ts'
import { placeChunks } from '../plan/chunk-placement.ts'
import { usedInputs } from '../plan/combination-plan.ts'
import { valueKey } from '../plan/facets.ts'
import { pathIn } from '../plan/mention.ts'
import { firstFileOf, lastFileOf } from '../plan/plan-input.ts'
import type { OpenSource } from '../source/byte-source.ts'
import { combinedBody } from './combined-body.ts'
import { type SettledPlan, settledHeader } from './settled-plan.ts'

interface CombinedSetOptions {
  readonly journal?: BuildJournal | undefined
  readonly append?: boolean
  /** Opens the files of inputs whose chunks are copied. */
  readonly open: OpenSource
}

/** The set that a plan without barriers makes; the journal begins with it. */
export async function combinedSet(settled: SettledPlan, options: CombinedSetOptions): Promise<ReferenceSet> {
  if (options.append) checkAppend(settled)
  const header = settledHeader(settled)
  const sources = sourcesOf(settled)
  await options.journal?.begin(fingerprint(header, [settled]))
  return {
    header,
    sources,
    replayable: settled.plan.inputs.every(({ set }) => set.replayable),
    async *body(bodyOptions) {
      const journal = journalFor(bodyOptions, options.journal)
      yield* combinedBody(settled, { ...bodyOptions, ...options, journal })
    },
  }
}

/** One group for each era: its arrays, and the names of its first and last file. */
export async function eraSet(
  eras: readonly SettledPlan[],
  options: CombinedSetOptions,
): Promise<ReferenceSet> {
  const headers = eras.map((era, at) => eraHeader(era, `era_${at}`))
  const header: Header = {
    kind: 'header',
    groups: [{ path: '', attributes: {} }, ...headers.flatMap(({ groups }) => groups)],
    arrays: headers.flatMap(({ arrays }) => arrays),
    skipped: headers.flatMap(({ skipped }) => skipped),
    notes: headers.flatMap(({ notes }) => notes),
  }
  const sources = eras.flatMap(sourcesOf)
  await options.journal?.begin(fingerprint(header, eras))
  return {
    header,
    sources,
    replayable: eras.every(({ plan }) => plan.inputs.every(({ set }) => set.replayable)),
    async *body(bodyOptions = {}) {
      const journal = journalFor(bodyOptions, options.journal)
      yield* eraBodies(eras, header, { ...bodyOptions, journal, open: options.open })
    },
  }
}

/** A journal is kept of whole bodies alone. */
function journalFor(
  { arrays, from, to }: BodyOptions = {},
  journal?: BuildJournal,
): BuildJournal | undefined {
  return arrays === undefined && from === undefined && to === undefined ? journal : undefined
}

/**
 * Each once; in the order of the inputs where these have places of their own, which are along one dimension. Otherwise
 * that order would tell how they were grouped before.
 */
function sourcesOf({ plan }: SettledPlan): SourceInfo[] {
  const all = usedInputs(plan.inputs, plan.dimensions).flatMap(({ set }) => set.sources)
  const known = new Map<string, SourceInfo>()
  for (const source of all) {
    const key = versionKey(source)
    // What is an input itself is one, whatever other inputs name it too.
    if (known.get(key)?.external ?? true) known.set(key, source)
  }
  const sources = [...known.values()]
  if (plan.dimensions.length === 1 && !plan.options.mergeVariables) return sources
  return sources.sort((a, b) => (a.url < b.url ? -1 : a.url > b.url ? 1 : 0))
}

function versionKey({ url, size, lastModified = '', etag = '' }: SourceInfo): string {
  return `${url} ${size} ${lastModified} ${etag}`
}

/**
 * Equal for plans that make the same set out of the same files, each of which is the same part and has the same place;
 * gathered values count too, as those of a function in code may be others next time. Where a set has no sources nothing
 * tells whether it is the same one: then no other plan is equal.
 */
function fingerprint(header: Header, plans: readonly SettledPlan[]): string {
  const arrays = header.arrays.map(({ path, shape, chunkShape, dataType, codecs, attributes }) =>
    valueKey([
      path,
      [...shape],
      [...chunkShape],
      JSON.stringify(dataType),
      JSON.stringify(codecs),
      attributes,
    ]),
  )
  const files = plans.map(({ plan: { inputs, dimensions } }) =>
    inputs.map(({ set }, at) => [set.sources.map(versionKey), dimensions.map(({ slotOf }) => slotOf[at])]),
  )
  const hash = createHash('sha256').update(JSON.stringify([arrays, files]))
  if (plans.some(({ plan }) => plan.inputs.some(({ set }) => set.sources.length === 0)))
    hash.update(randomUUID())
  for (const { chunks } of plans) for (const bytes of chunks.values()) hash.update(bytes)
  return hash.digest('hex')
}

function eraHeader(era: SettledPlan, name: string): Header {
  const header = settledHeader(era)
  const { inputs } = era.plan
  const moved = <T extends { readonly path: string }>(item: T): T => ({
    ...item,
    path: pathIn(name, item.path.replace(/^\/$/, '')),
  })
  const root = header.groups.find(({ path }) => path === '')
  const group: GroupMetadata = {
    ...root,
    path: name,
    attributes: {
      ...root?.attributes,
      kstream_first_file: firstFileOf(inputs[0]),
      kstream_last_file: lastFileOf(inputs[inputs.length - 1]),
    },
  }
  return {
    kind: 'header',
    groups: [group, ...header.groups.filter(({ path }) => path !== '').map(moved)],
    arrays: header.arrays.map(moved),
    skipped: header.skipped.map(moved),
    notes: header.notes.map(moved),
  }
}

interface EraBodyOptions extends BodyOptions {
  readonly open: OpenSource
  readonly journal?: BuildJournal | undefined
}

async function* eraBodies(
  eras: readonly SettledPlan[],
  header: Header,
  options: EraBodyOptions,
): AsyncGenerator<ReferenceBatch | Footer> {
  const footers: Footer[] = []
  let firstArray = 0
  let firstPart = 0
  for (const era of eras) {
    const own = options.arrays
      ?.map((array) => array - firstArray)
      .filter((array) => array >= 0 && array < era.arrays.length)
    const asked = own ? { ...options, arrays: own } : options
    for await (const item of combinedBody(era, { ...asked, firstPart })) {
      if (item.kind === 'footer') footers.push(item)
      else yield { ...item, array: item.array + firstArray }
    }
    firstArray += era.arrays.length
    firstPart += era.plan.inputs.length
  }
  yield joinFooters(footers, header, eras)
}

function joinFooters(footers: readonly Footer[], header: Header, eras: readonly SettledPlan[]): Footer {
  const firsts = eras.map((_, at) => eras.slice(0, at).reduce((sum, { arrays }) => sum + arrays.length, 0))
  const named = (path: string, at: number) => pathIn(`era_${at}`, path.replace(/^\/$/, ''))
  return {
    kind: 'footer',
    shapes: footers.flatMap(({ shapes }) => shapes),
    missing: footers.flatMap(({ missing }) => missing),
    dropped: footers.flatMap(({ dropped }, at) => dropped.map((array) => array + firsts[at])),
    coverage: {
      arrays: footers.flatMap(({ coverage }, at) =>
        coverage.arrays.map((outcome) => ({ ...outcome, path: named(outcome.path, at) })),
      ),
      notes: [
        ...new Map(
          [
            ...footers.flatMap(({ coverage }, at) =>
              coverage.notes.map((note) => ({ ...note, path: named(note.path, at) })),
            ),
            ...header.notes,
          ].map((note) => [`${note.path}\0${note.reason}`, note]),
        ).values(),
      ],
    },
  }
}

/** What is appended must come behind all that is there, so that no chunk gets another number. @throws PlanError */
function checkAppend(settled: SettledPlan): void {
  const { plan } = settled
  const [base] = plan.inputs
  const before = plan.inputs.find(({ index }) => index === 0)
  if (base.index !== 0) {
    const message = `${base.name} lies before the end of ${before?.name ?? 'the set'}: only what follows can be appended; build the set anew from all files`
    throw new PlanError(message, { inputs: [before?.name ?? '', base.name] })
  }
  if (!base.set.footer) {
    throw new PlanError(
      `${base.name}: kstream did not write this set, so it cannot be appended to; build a new one from it and the files`,
    )
  }
  for (const [index, planned] of plan.arrays.entries()) {
    if (settled.chunks.has(index) || !planned.owners.includes(0)) continue
    const { first, contiguous } = placeChunks(planned, plan.inputs, 0, plan.dimensions)
    if (contiguous && first === 0) continue
    const { path, dims } = planned.array
    const axes = planned.joins.map(({ axis }) => dims[axis]).join(', ')
    const message = `${path}: it grows along ${axes}, which is not its first axis (${dims.join(', ')}): all its chunks would get other numbers, so nothing can be appended; build the set anew`
    throw new PlanError(message, { array: path, inputs: [base.name] })
  }
}
