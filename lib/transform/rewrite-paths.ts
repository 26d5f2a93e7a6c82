/** Points references at where the files are, or will be, for those who read them. */
import { isAbsolute } from 'node:path'
import { UsageError } from '../errors.ts'
import { schemeOf } from '../source/open.ts'
import type { Stage } from '../stream/stage.ts'
import { changedSet, eachSet } from './changed-set.ts'

/** Old prefix to new: whole parts of a path, so that '/data' is no prefix of '/database/x'. */
export type PathRewrite = Readonly<Record<string, string>> | ((url: string) => string)

function byPrefix(prefixes: Readonly<Record<string, string>>): (url: string) => string {
  const rules = Object.entries(prefixes).map(([from, to]) => {
    if (schemeOf(from) === undefined && !isAbsolute(from)) {
      throw new UsageError(`rewrite ${from} to ${to}: references hold absolute paths, so must the old prefix`)
    }
    if (to === '')
      throw new UsageError(`rewrite ${from} to nothing: references must hold absolute paths or URLs`)
    return [from.replace(/\/+$/, ''), to.replace(/\/+$/, '')]
  })
  rules.sort(([a], [b]) => b.length - a.length)
  return (url) => {
    const rule = rules.find(([from]) => url === from || (url.startsWith(from) && url[from.length] === '/'))
    return rule ? rule[1] + url.slice(rule[0].length) : url
  }
}

/** What one path becomes. @throws UsageError for prefixes that make no sense. */
export function rewrittenPath(rewrite: PathRewrite, url: string): string {
  return (typeof rewrite === 'function' ? rewrite : byPrefix(rewrite))(url)
}

/**
 * Rewrites the paths in references and sources, by prefix (the longest that fits; others stay) or by a function.
 * After it the bytes are no longer read by these paths: a stage that reads them (`inline`) comes before.
 */
export function rewritePaths(rewrite: PathRewrite): Stage {
  const change = typeof rewrite === 'function' ? rewrite : byPrefix(rewrite)
  const changeUrl = (url: string): string => {
    const changed = change(url)
    if (typeof changed === 'string' && changed !== '') return changed
    throw new UsageError(`rewriting ${url} gave ${JSON.stringify(changed)}, which is no path`)
  }
  return eachSet((set) => {
    // Batches of a file share one table, which may have grown since the last of them.
    const tables = new WeakMap<readonly string[], string[]>()
    const changeTable = (paths: readonly string[]): readonly string[] => {
      const changed = tables.get(paths) ?? []
      if (changed.length === 0) tables.set(paths, changed)
      for (let index = changed.length; index < paths.length; index++) changed.push(changeUrl(paths[index]))
      return changed
    }
    return changedSet(set, {
      sources: set.sources.map((source) => ({ ...source, url: changeUrl(source.url) })),
      open: () => ({ batch: (batch) => ({ ...batch, paths: changeTable(batch.paths) }) }),
    })
  })
}
