/** The metadata of an array in words. */
import type { ArrayMetadata, DataType } from '../lib/index.ts'

/** '12 x 30 x 48'; 'scalar' where there are no axes, '?' where an axis still grows. */
export function extentText(extents: readonly (number | null)[]): string {
  return extents.length === 0 ? 'scalar' : extents.map((extent) => extent ?? '?').join(' x ')
}

/** '<f4', or the fields of a structure. */
export function typeText(dataType: DataType): string {
  if (typeof dataType === 'string') return dataType
  return `{${dataType.map(([name, type]) => `${name}: ${typeText(type)}`).join(', ')}}`
}

/** 'shuffle zlib(4)', or 'none'. */
export function codecText({ codecs }: ArrayMetadata): string {
  return codecs.map(({ id, level }) => (level === undefined ? id : `${id}(${level})`)).join(' ') || 'none'
}
