/** The attributes of one object: those to show, and those by which netCDF-4 keeps its dimensions. */
import type { Attributes, AttributeValue } from '../../model/metadata.ts'
import { HIDDEN_ATTRIBUTES } from '../hidden-attributes.ts'
import { readAttributeMessages } from './attribute-storage.ts'
import { parseVlenPointers, type RawAttribute, readAttributeValue } from './attribute-value.ts'
import { Cursor } from './cursor.ts'
import { damageOrThrow } from './damage.ts'
import type { Hdf5File } from './file.ts'
import type { GlobalHeap } from './global-heap.ts'
import { mapInFlight } from './in-flight.ts'
import { type NestedMessage, parseAttribute } from './message/attribute.ts'
import { parseDataspace } from './message/dataspace.ts'
import { parseDatatype } from './message/datatype-parser.ts'
import type { ScaleAttributes } from './netcdf4.ts'
import { MESSAGE, type ObjectHeader, readSharedMessage } from './object-header.ts'

/** The attributes of an object, sorted by purpose. */
export interface ObjectAttributes {
  readonly attributes: Attributes
  readonly scale: ScaleAttributes
  /** What could not be read, an attribute each. */
  readonly problems: readonly string[]
}

/** What reading attributes needs of the file; the heap keeps collections from one object to the next. */
export interface AttributeContext {
  readonly file: Hdf5File
  readonly heap: GlobalHeap
  readonly signal?: AbortSignal | undefined
}

/** Reads the attributes of an object; one that cannot be read is told in `problems` and costs nothing else. */
export async function readObjectAttributes(
  header: ObjectHeader,
  context: AttributeContext,
): Promise<ObjectAttributes> {
  const problems: string[] = []
  const stored = await readAttributeMessages(context.file, header, context.signal)
  const found = await mapInFlight(stored, async (message) => {
    let name: string | undefined
    try {
      if ('error' in message) throw message.error
      const attribute = await readRaw(message.body, context, (known) => {
        name = known
      })
      return { name: attribute.name, ...(await shownValueOf(attribute, context)) }
    } catch (error) {
      return { name, problem: damageOrThrow(error).message }
    }
  })
  const values = new Map<string, AttributeValue>()
  let scales: ScaleAttributes['scales'] = []
  for (const attribute of found) {
    if ('problem' in attribute) {
      const known = attribute.name === undefined ? 'an attribute' : `attribute ${attribute.name}`
      if (!HIDDEN_ATTRIBUTES.has(attribute.name ?? '')) problems.push(`${known}: ${attribute.problem}`)
    } else if (attribute.value !== undefined) values.set(attribute.name, attribute.value)
    else if (attribute.scales !== undefined) scales = attribute.scales
  }
  const shown = [...values].filter(([name]) => !HIDDEN_ATTRIBUTES.has(name))
  return { attributes: Object.fromEntries(shown), scale: scaleOf(values, scales), problems }
}

async function readRaw(
  body: Cursor,
  { file, signal }: AttributeContext,
  named: (name: string) => void,
): Promise<RawAttribute> {
  const { name, datatype, dataspace, data } = parseAttribute(body)
  named(name)
  const resolve = async ({ shared, body: nested }: NestedMessage, type: number) =>
    shared ? readSharedMessage(file, type, nested, signal) : nested
  return {
    name,
    datatype: parseDatatype(await resolve(datatype, MESSAGE.datatype)),
    dataspace: parseDataspace(await resolve(dataspace, MESSAGE.dataspace), file.lengthSize),
    data,
  }
}

interface ReadValue {
  readonly value?: AttributeValue
  readonly scales?: ScaleAttributes['scales']
}

async function shownValueOf(attribute: RawAttribute, context: AttributeContext): Promise<ReadValue> {
  if (attribute.name === 'DIMENSION_LIST') return { scales: await readScales(attribute, context) }
  if (attribute.name === 'REFERENCE_LIST') return {}
  const { heap, file } = context
  return {
    value: await readAttributeValue(attribute, { heap, url: file.source.url, offsetSize: file.offsetSize }),
  }
}

/** DIMENSION_LIST: for each axis a variable-length list of references to the object headers of its scales. */
async function readScales(
  { datatype, dataspace, data }: RawAttribute,
  { heap, file }: AttributeContext,
): Promise<(number | undefined)[]> {
  const isList =
    datatype.class === 'vlen-sequence' &&
    datatype.base.class === 'reference' &&
    datatype.base.kind === 'object'
  if (!isList || dataspace.shape.length !== 1) return []
  const [axes] = dataspace.shape
  const pointers = parseVlenPointers(data, axes, file.offsetSize, file.source.url)
  const lists = await heap.read(pointers.map(({ id }) => id))
  return lists.map((bytes, axis) => {
    const last = (pointers[axis].length - 1) * file.offsetSize
    if (!bytes || last < 0) return undefined
    const at = { url: file.source.url, structure: 'DIMENSION_LIST', offset: 0 }
    const cursor = new Cursor(bytes, at)
    cursor.skip(last)
    return cursor.address(file.offsetSize)
  })
}

function scaleOf(
  values: ReadonlyMap<string, AttributeValue>,
  scales: ScaleAttributes['scales'],
): ScaleAttributes {
  const text = (name: string) => {
    const value = values.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const coordinates = values.get('_Netcdf4Coordinates')
  return {
    isScale: text('CLASS') === 'DIMENSION_SCALE',
    scaleName: text('NAME'),
    dimensionId: idOf(values.get('_Netcdf4Dimid')),
    coordinateIds: coordinates === undefined ? undefined : idsOf([coordinates].flat()),
    scales,
  }
}

function idsOf(values: readonly AttributeValue[]): number[] | undefined {
  const ids = values.map(idOf)
  return ids.every((id) => id !== undefined) ? ids : undefined
}

/** Dimension ids are C ints from 0. */
function idOf(value: AttributeValue | undefined): number | undefined {
  return typeof value === 'bigint' && value >= 0n && value <= 0x7fffffffn ? Number(value) : undefined
}
