/** Whether a shard's Parquet footer says what can be true of its file, before anything is read by it. */
import type { Refuse } from './shard-columns.ts'

/** Of what hyparquet parses: as much as is looked at. */
interface ParquetFooter {
  readonly num_rows: bigint
  readonly schema: readonly {
    readonly name: string
    readonly num_children?: number
    readonly type?: string
  }[]
  readonly row_groups: readonly RowGroup[]
}

interface RowGroup {
  readonly num_rows: bigint
  readonly columns: readonly { readonly file_path?: string; readonly meta_data?: ColumnChunk }[]
}

interface ColumnChunk {
  readonly path_in_schema: readonly string[]
  readonly num_values: bigint
  readonly dictionary_page_offset?: bigint
  readonly data_page_offset: bigint
  readonly total_compressed_size: bigint
  readonly statistics?: { readonly null_count?: bigint }
}

/** Rows of a shard at most, whatever `record_size` says. */
const MOST_ROWS = 10_000_000

/** What a shard's file holds. */
interface ShardFile {
  readonly rows: number
  /** Names of its columns. */
  readonly columns: ReadonlySet<string>
  /** Of them, those that are all null, as their statistics say. */
  readonly empty: ReadonlySet<string>
}

/**
 * The rows and columns of the file of `size` bytes. What passes here cannot make hyparquet fail between columns, which would
 * leave the failures of those it has begun to nobody.
 */
export function checkFooter(
  metadata: ParquetFooter,
  size: number,
  recordSize: number,
  refuse: Refuse,
): ShardFile {
  const rows = Number(metadata.num_rows)
  if (!Number.isSafeInteger(rows) || rows < 0) refuse(`has ${rows} rows`)
  if (rows > recordSize) refuse(`has ${rows} rows, but record_size is ${recordSize}`)
  if (rows > MOST_ROWS) refuse(`has ${rows} rows, more than ${MOST_ROWS}`)
  const columns = leafNames(metadata, refuse)
  let grouped = 0
  for (const group of metadata.row_groups) {
    checkColumns(group, columns, size, refuse)
    grouped += Number(group.num_rows)
  }
  if (grouped !== rows) refuse(`has ${rows} rows, and ${grouped} in its row groups`)
  return { rows, columns, empty: new Set([...columns].filter((name) => isEmpty(metadata, name))) }
}

function isEmpty({ row_groups }: ParquetFooter, name: string): boolean {
  const chunks = row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data))
  return chunks.every(
    (chunk) => chunk?.path_in_schema[0] !== name || chunk.statistics?.null_count === chunk.num_values,
  )
}

/** Names of the columns, none of which is nested. */
function leafNames({ schema }: ParquetFooter, refuse: Refuse): Set<string> {
  const [root, ...leaves] = schema
  const names = new Set(leaves.map(({ name }) => name))
  const flat = leaves.every(({ num_children, type }) => !num_children && type !== undefined)
  if (root?.num_children !== leaves.length || !flat || names.size !== leaves.length) {
    refuse('is no table of plain columns')
  }
  return names
}

function checkColumns(group: RowGroup, names: ReadonlySet<string>, size: number, refuse: Refuse): void {
  const seen = new Set<string>()
  for (const chunk of group.columns) {
    const column = plainColumn(chunk, names, refuse)
    const [name] = column.path_in_schema
    if (seen.has(name)) refuse(`has its column ${name} twice`)
    seen.add(name)
    const start = Number(column.dictionary_page_offset || column.data_page_offset)
    const end = start + Number(column.total_compressed_size)
    if (!(start >= 0 && end >= start && end <= size)) refuse(`has its column ${name} outside the file`)
    if (Number(column.num_values) !== Number(group.num_rows)) refuse(`has a column ${name} of another length`)
  }
}

function plainColumn(
  { file_path, meta_data }: RowGroup['columns'][number],
  names: ReadonlySet<string>,
  refuse: Refuse,
): ColumnChunk {
  const [name = '', ...deeper] = meta_data?.path_in_schema ?? []
  const plain = meta_data && !file_path && deeper.length === 0 && names.has(name)
  return plain ? meta_data : refuse('has a column chunk of no column')
}
