/** Attributes that name other variables (CF conventions, appendix A), and what their names refer to. */
import type { AttributeValue } from '../model/metadata.ts'

/** Space-separated names; a word that ends in a colon is a label ("sigma: lev", "area: areacello"). */
const AFTER_LABELS = ['formula_terms', 'cell_measures']
/** Labels are names themselves ("crs: lat lon", "time: mean"). */
const WITH_LABELS = ['grid_mapping', 'cell_methods']
const PLAIN = [
  'coordinates',
  'bounds',
  'climatology',
  'ancillary_variables',
  'geometry',
  'node_coordinates',
  'node_count',
  'part_node_count',
  'interior_ring',
]

/** Of these the mentioned variables are needed to make sense of the one that mentions them. */
const NEEDED = new Set([
  'coordinates',
  'bounds',
  'climatology',
  'grid_mapping',
  'formula_terms',
  'geometry',
  'node_coordinates',
  'node_count',
  'part_node_count',
  'interior_ring',
])

const MENTIONING = new Set([...AFTER_LABELS, ...WITH_LABELS, ...PLAIN])

/** Whether the variables that this attribute names belong to the array as its coordinates do. */
export function mentionsNeeded(attribute: string): boolean {
  return NEEDED.has(attribute)
}

/**
 * An attribute with each name in it put through `replace`, labels and spaces as they are;
 * the value itself where the attribute mentions no variables or nothing changes.
 */
export function replaceMentions(
  attribute: string,
  value: AttributeValue,
  replace: (name: string) => string,
): AttributeValue {
  if (typeof value !== 'string' || !MENTIONING.has(attribute)) return value
  return value.replace(/[^\s:]+(:?)/g, (word, colon: string) => {
    if (colon === '') return replace(word)
    return AFTER_LABELS.includes(attribute) ? word : `${replace(word.slice(0, -1))}:`
  })
}

/** The names in an attribute; none where it mentions no variables. */
export function mentionedNames(attribute: string, value: AttributeValue): string[] {
  const names: string[] = []
  replaceMentions(attribute, value, (name) => {
    names.push(name)
    return name
  })
  return names
}

/** 'a/b/temp' to 'a/b'; '' for the root's own. */
export function groupOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** 'a/b/temp' to 'temp'. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** A name within a group as a path. */
export function pathIn(group: string, name: string): string {
  return group === '' ? name : `${group}/${name}`
}

/**
 * The path that a name stands for in a group: absolute where it begins with '/', else the nearest
 * in this group or one around it (netCDF's scope); undefined where `has` knows none.
 */
export function resolveMention(
  group: string,
  name: string,
  has: (path: string) => boolean,
): string | undefined {
  if (name.startsWith('/')) return has(name.slice(1)) ? name.slice(1) : undefined
  for (let scope = group; ; scope = groupOf(scope)) {
    const path = pathIn(scope, name)
    if (has(path)) return path
    if (scope === '') return undefined
  }
}
