/** `config.yaml` of a repository (Icechunk's RepositoryConfig): its virtual chunk containers, and how manifests are split. */
import type { Container } from './containers.ts'

/** How the manifests of one array are cut: chunks along some axes. */
export interface ArraySplit {
  readonly path: string
  readonly sizes: readonly (readonly [axis: number, chunks: number])[]
}

/** What is written of `config.yaml`; all else is null, Icechunk's default. */
export function configText(containers: readonly Container[], splits: readonly ArraySplit[]): string {
  return [
    'inline_chunk_threshold_bytes: null',
    'get_partial_values_concurrency: null',
    'compression: null',
    'max_concurrent_requests: null',
    'caching: null',
    'storage: null',
    ...containersLines(containers),
    ...splitLines(splits),
    '',
  ].join('\n')
}

function containersLines(containers: readonly Container[]): string[] {
  if (containers.length === 0) return ['virtual_chunk_containers: null']
  const lines = containers.flatMap((container) => [
    `  ${yamlText(container.prefix)}:`,
    '    name: null',
    `    url_prefix: ${yamlText(container.prefix)}`,
    ...storeLines(container),
  ])
  return ['virtual_chunk_containers:', ...lines]
}

/** Region, endpoint and the like are the reader's to say. */
function storeLines({ prefix, folder }: Container): string[] {
  if (folder !== undefined) return [`    store: !local_file_system ${yamlText(folder)}`]
  if (prefix.startsWith('https:')) return ['    store: !http {}']
  if (prefix.startsWith('http:')) return ['    store: !http', '      allow_http: "true"']
  if (prefix.startsWith('gs:')) return ['    store: !gcs {}']
  return [
    '    store: !s3',
    '      region: null',
    '      endpoint_url: null',
    '      anonymous: false',
    '      allow_http: false',
    '      force_path_style: false',
    '      network_stream_timeout_seconds: 60',
    '      requester_pays: false',
  ]
}

/** A double-quoted text of YAML, ASCII only: JSON's pairs of surrogates are none there. */
function yamlText(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\u{10ffff}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })
}

/** So that who adds to the repository cuts as it is cut. */
function splitLines(splits: readonly ArraySplit[]): string[] {
  if (splits.length === 0) return ['manifest: null']
  const lines = splits.flatMap(({ path, sizes }) => [
    '    - - !path_matches',
    `        regex: ${yamlText(`^/${path.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`)}`,
    ...sizes.map(
      ([axis, chunks], at) =>
        `${at === 0 ? '      - - ' : '        - '}condition: !Axis ${axis}\n          num_chunks: ${chunks}`,
    ),
  ])
  return ['manifest:', '  preload: null', '  splitting:', '    split_sizes:', ...lines]
}
