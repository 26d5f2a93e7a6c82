/** The errors of kstream: one class for each kind of blame, each with a stable `code`. Aborts stay Node's AbortError. */

export type ErrorCode =
  | 'ERR_KSTREAM_FORMAT'
  | 'ERR_KSTREAM_UNSUPPORTED'
  | 'ERR_KSTREAM_SOURCE'
  | 'ERR_KSTREAM_PLAN'
  | 'ERR_KSTREAM_WRITE'
  | 'ERR_KSTREAM_USAGE'

/** The base of every error that kstream throws. */
export class KStreamError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

/** A file breaks its format's specification: which structure, at which byte of which file. */
export class FormatError extends KStreamError {
  readonly url: string
  readonly offset: number
  readonly structure: string
  constructor(
    at: { url: string; offset: number; structure: string },
    problem: string,
    options?: { cause?: unknown },
  ) {
    super('ERR_KSTREAM_FORMAT', `${at.url}: ${at.structure} at byte ${at.offset}: ${problem}`, options)
    this.url = at.url
    this.offset = at.offset
    this.structure = at.structure
  }
}

/** The file is valid, but references cannot express this part of it, or kstream cannot read it yet. */
export class UnsupportedError extends KStreamError {
  readonly feature: string
  readonly url: string | undefined
  readonly array: string | undefined
  /** Whether it is copied where that is asked for. */
  readonly copyable: boolean
  constructor(
    feature: string,
    where: { url?: string; array?: string; copyable?: boolean } = {},
    message?: string,
  ) {
    super('ERR_KSTREAM_UNSUPPORTED', message ?? [where.url, where.array, feature].filter(Boolean).join(': '))
    this.feature = feature
    this.url = where.url
    this.array = where.array
    this.copyable = where.copyable === true
  }
}

/** Bytes could not be had: a missing file, a permission, a network failure, a read past the end. */
export class SourceError extends KStreamError {
  readonly url: string
  readonly offset: number | undefined
  readonly length: number | undefined
  constructor(
    url: string,
    problem: string,
    options: { cause?: unknown; offset?: number; length?: number } = {},
  ) {
    const range =
      options.offset === undefined
        ? ''
        : ` (bytes ${options.offset} to ${options.offset + (options.length ?? 0)})`
    super('ERR_KSTREAM_SOURCE', `${url}: ${problem}${range}`, options)
    this.url = url
    this.offset = options.offset
    this.length = options.length
  }
}

/** Inputs that cannot be combined as asked. */
export class PlanError extends KStreamError {
  readonly array: string | undefined
  readonly inputs: readonly string[]
  constructor(message: string, where: { array?: string; inputs?: readonly string[] } = {}) {
    super('ERR_KSTREAM_PLAN', message)
    this.array = where.array
    this.inputs = where.inputs ?? []
  }
}

/** The output could not be written, or breaks the contract of its sink. */
export class WriteError extends KStreamError {
  readonly path: string
  constructor(path: string, problem: string, options?: { cause?: unknown }) {
    super('ERR_KSTREAM_WRITE', `${path}: ${problem}`, options)
    this.path = path
  }
}

/** The caller asked for something that makes no sense. */
export class UsageError extends KStreamError {
  constructor(message: string) {
    super('ERR_KSTREAM_USAGE', message)
  }
}

/** Whether `error` is one of kstream's, and of that code where one is given. */
export function isKStreamError(error: unknown, code?: ErrorCode): error is KStreamError {
  return error instanceof KStreamError && (code === undefined || error.code === code)
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The system's name for what went wrong, 'ENOENT' or the like; '' where it has none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
