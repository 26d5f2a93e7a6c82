/** As much of JSON Schema as the published schemas use, for tests: what of a document breaks it, and where. */

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
}

/** Keywords that say nothing about a document. */
const REMARKS = ['$schema', '$id', 'title', 'description']
const CHECKED = [
  ...REMARKS,
  ...['type', 'enum', 'minimum', 'minItems', 'maxItems', 'items'],
  ...['properties', 'required', 'additionalProperties'],
]

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value
}

/** Each violation as `path: problem`; a keyword that is not understood here is one too. */
export function violations(schema: Schema, value: unknown, path = '$'): string[] {
  const unknown = Object.keys(schema).filter((keyword) => !CHECKED.includes(keyword))
  if (unknown.length > 0) return [`${path}: keywords ${unknown.join()} are not checked`]
  const { type, minimum } = schema
  const isType = type === undefined || (type === 'integer' ? Number.isInteger(value) : typeOf(value) === type)
  if (!isType) return [`${path}: ${typeOf(value)} is no ${type}`]
  if (schema.enum && !schema.enum.includes(value)) return [`${path}: ${value} is none of ${schema.enum}`]
  if (minimum !== undefined && !(Number(value) >= minimum)) return [`${path}: ${value} < ${minimum}`]
  if (Array.isArray(value)) return itemViolations(schema, value, path)
  if (typeOf(value) === 'object') return memberViolations(schema, value as Record<string, unknown>, path)
  return []
}

function itemViolations(schema: Schema, items: readonly unknown[], path: string): string[] {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items: each = {} } = schema
  if (items.length < minItems || items.length > maxItems) return [`${path}: ${items.length} items`]
  return items.flatMap((item, index) => violations(each, item, `${path}[${index}]`))
}

function memberViolations(schema: Schema, value: Record<string, unknown>, path: string): string[] {
  const { properties = {}, required = [], additionalProperties = true } = schema
  const missing = required.filter((name) => !Object.hasOwn(value, name))
  return [
    ...missing.map((name) => `${path}.${name}: missing`),
    ...Object.entries(value).flatMap(([name, member]) => {
      if (Object.hasOwn(properties, name)) return violations(properties[name], member, `${path}.${name}`)
      return additionalProperties ? [] : [`${path}.${name}: not known`]
    }),
  ]
}
