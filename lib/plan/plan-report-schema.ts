/** JSON Schema (2020-12) of the report that `kstream plan --json` writes: `PlanReport`, as JSON has it. */

const text = { type: 'string' }
const count = { type: 'integer', minimum: 0 }
/** Integers that a double does not hold are decimal strings; NaN and infinities are the strings "NaN", "Infinity", "-Infinity". */
const anyValue = { description: 'A value as the files have it: any JSON value' }

function listOf(items: object) {
  return { type: 'array', items }
}

function pairOf(items: object) {
  return { type: 'array', items, minItems: 2, maxItems: 2 }
}

/** An object of these members and no others; all but the `optional` ones are always there. */
function objectOf(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}

const remarks = listOf(objectOf({ path: text, reason: text }))

const coordinate = objectOf(
  { from: text, first: anyValue, last: anyValue, units: text, dates: pairOf(text) },
  ['units', 'dates'],
)

const dimension = objectOf({ name: text, size: count, joined: { type: 'boolean' }, coordinate }, [
  'coordinate',
])

const array = objectOf({
  path: text,
  dims: listOf(text),
  shape: listOf(count),
  chunkShape: listOf({ type: 'integer', minimum: 1 }),
  dataType: text,
  codecs: listOf(text),
  role: { enum: ['referenced', 'gathered', 'once'] },
  chunks: count,
  inputs: count,
})

const barrier = objectOf({
  kind: {
    enum: [
      'variable',
      'dimensions',
      'extent',
      'data-type',
      'chunk-shape',
      'partial-chunk',
      'codecs',
      'fill-value',
      'attribute',
      'values',
      'unordered',
      'overlap',
      'duplicate',
      'gap',
      'no-coordinate',
    ],
  },
  array: text,
  subject: text,
  inputs: pairOf(text),
  values: pairOf(anyValue),
  files: pairOf(count),
  advice: text,
})

const order = objectOf({
  by: { enum: ['coordinate', 'list'] },
  reason: text,
  first: text,
  last: text,
  moved: count,
})

/** The schema, as `kstream plan --schema` prints it. A member that is added later is added here too. */
export const PLAN_REPORT_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:kstream:plan-report:1',
  title: 'What combining files would build, and what stands in the way',
  ...objectOf(
    {
      inputs: count,
      order,
      dimensions: listOf(dimension),
      arrays: listOf(array),
      cells: count,
      emptyCells: count,
      emptyExamples: listOf(text),
      references: count,
      inlined: count,
      estimatedBytes: { type: 'number', minimum: 0 },
      readerBytes: { type: 'number', minimum: 0 },
      seams: objectOf({ arrays: listOf(text), chunks: count, bytes: count, wholeBytes: count }),
      barriers: listOf(barrier),
      eras: listOf(objectOf({ name: text, inputs: count, first: text, last: text })),
      leftOut: listOf(objectOf({ input: text, reason: text })),
      skipped: remarks,
      notes: remarks,
    },
    ['seams'],
  ),
} as const
