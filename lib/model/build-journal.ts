/** What a build remembers so that it can go on after it was killed: filled by whoever does the work, asked before work is done. */
import type { Header } from './metadata.ts'
import type { Footer, ReferenceBatch } from './reference-batch.ts'
import type { SourceInfo } from './reference-set.ts'

/** What planning reads of one input beside its header. */
export interface InputValues {
  /** By array path: elements in C order as the file has them, or strings. */
  readonly values: ReadonlyMap<string, Uint8Array | readonly string[]>
  /** By array path: a digest of all that is stored of it; equal digests mean equal values. */
  readonly digests: ReadonlyMap<string, string>
}

/** Whatever is put counts for the next build only where it was put completely. */
export interface BuildJournal {
  /** The header that this very version of the source had. */
  header(source: SourceInfo): Header | undefined
  putHeader(source: SourceInfo, header: Header): Promise<void>
  /** `key` names an input and what was asked of it. */
  values(key: string): InputValues | undefined
  putValues(key: string, values: InputValues): Promise<void>
  /** The plan is made; what is recorded of references belongs to plans of the same fingerprint alone, and is forgotten otherwise. */
  begin(fingerprint: string): Promise<void>
  /** Rows of a part that still have to be sorted, batch by batch: null behind the last one, undefined where it is not known. */
  batch(part: number, index: number): ReferenceBatch | null | undefined
  putBatch(part: number, index: number, batch: ReferenceBatch | null): Promise<void>
  /** The footer of a part whose references have all been handed on. */
  footer(part: number): Footer | undefined
  putFooter(part: number, footer: Footer): Promise<void>
}
