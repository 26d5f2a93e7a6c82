/** The parts of parquetjs-lite that kstream uses: its Thrift structures (of parquet.thrift) and its file envelope. */

declare module 'parquetjs-lite/gen-nodejs/parquet_types.js' {
  type Structure<T> = new (fields: T) => T
  interface Statistics {
    null_count: number
  }
  interface PageHeader {
    type: number
    uncompressed_page_size: number
    compressed_page_size: number
    data_page_header?: object
    dictionary_page_header?: object
  }
  interface DataPageHeader {
    num_values: number
    encoding: number
    definition_level_encoding: number
    repetition_level_encoding: number
  }
  interface DictionaryPageHeader {
    num_values: number
    encoding: number
  }
  interface ColumnMetaData {
    type: number
    encodings: number[]
    path_in_schema: string[]
    codec: number
    num_values: number
    total_uncompressed_size: number
    total_compressed_size: number
    data_page_offset: number
    dictionary_page_offset?: number
    statistics: Statistics
  }
  interface ColumnChunk {
    file_offset: number
    meta_data: ColumnMetaData
  }
  interface RowGroup {
    columns: ColumnChunk[]
    total_byte_size: number
    num_rows: number
  }
  const types: {
    Statistics: Structure<Statistics>
    PageHeader: Structure<PageHeader>
    DataPageHeader: Structure<DataPageHeader>
    DictionaryPageHeader: Structure<DictionaryPageHeader>
    ColumnMetaData: Structure<ColumnMetaData>
    ColumnChunk: Structure<ColumnChunk>
    RowGroup: Structure<RowGroup>
    Type: Record<'INT32' | 'INT64' | 'BYTE_ARRAY', number>
    Encoding: Record<'PLAIN' | 'RLE' | 'RLE_DICTIONARY', number>
    PageType: Record<'DATA_PAGE' | 'DICTIONARY_PAGE', number>
    CompressionCodec: Record<'ZSTD', number>
  }
  export default types
}

declare module 'parquetjs-lite/lib/util.js' {
  const util: { serializeThrift(structure: object): Buffer }
  export default util
}

declare module 'parquetjs-lite/lib/writer.js' {
  interface Field {
    name: string
    repetitionType: 'REQUIRED' | 'OPTIONAL'
    primitiveType: 'INT32' | 'INT64' | 'BYTE_ARRAY'
    originalType?: 'UTF8'
  }
  interface Schema {
    fields: Record<string, Field>
    fieldList: Field[]
  }
  class ParquetEnvelopeWriter {
    constructor(
      schema: Schema,
      write: (bytes: Uint8Array) => void,
      close: () => void,
      fileOffset: number,
      options: object,
    )
    offset: number
    rowCount: number
    rowGroups: object[]
    writeHeader(): void
    writeSection(bytes: Uint8Array): void
    writeFooter(userMetadata: object): void
  }
  const writer: { ParquetEnvelopeWriter: typeof ParquetEnvelopeWriter }
  export default writer
}
