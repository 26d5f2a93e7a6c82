/** What files that are no reference format are said to be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { unknownFormat } from '../../lib/format/unknown.ts'

function message(content: string | Uint8Array): string {
  const { code, message } = unknownFormat(
    '/d/x.nc',
    typeof content === 'string' ? Buffer.from(content) : content,
  )
  return `${code} ${message}`
}

test('text is quoted and told apart', () => {
  assert.match(
    message('hello\nworld'),
    /FORMAT \/d\/x\.nc: .*neither a netCDF or HDF5 file nor a reference set, .* a text file; begins "hello\\nworld"/,
  )
  assert.match(message('Größe: 5\n'), /a text file/)
  assert.match(
    message('\n<!DOCTYPE html>\n<html><head><title>\n404 Not Found</title>'),
    /an HTML page, "404 Not Found" \(an error page saved under this name\?\)/,
  )
  assert.match(message('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), /XML .*AccessDenied/)
  assert.match(message('{"version": 1, "refs": {}}'), /JSON/)
  assert.match(
    message('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
    /Git LFS pointer.*git lfs pull/,
  )
  assert.match(message('   \n'), /blank text/)
  // A character cut in two by the end of what was read.
  assert.match(message(Buffer.from('weiß').subarray(0, 4)), /a text file/)
})

test('other scientific formats are unsupported, not damaged', () => {
  const formats: [string, RegExp][] = [
    ['GRIB\0\0\0\x02', /GRIB/],
    ['II*\0', /TIFF/],
    ['MM\0+', /BigTIFF/],
    ['\x0e\x03\x13\x01', /HDF4/],
    ['SIMPLE  =                    T', /FITS/],
  ]
  for (const [content, pattern] of formats) {
    const text = message(Buffer.from(content, 'latin1'))
    assert.match(text, /^ERR_KSTREAM_UNSUPPORTED .*cannot be read yet/)
    assert.match(text, pattern)
  }
})

test('containers say to unpack them; anything else shows its first bytes', () => {
  assert.match(message(gzipSync('x')), /FORMAT .*gzip, and no reference set in it.*first bytes 1f 8b 08/)
  assert.match(message(Buffer.from('PK\x03\x04\x14\0', 'latin1')), /a zip archive/)
  assert.match(
    message(Buffer.from('PAR1\x15\x04', 'latin1')),
    /FORMAT .*a Parquet file .*name the folder that/,
  )
  assert.match(message(new Uint8Array(600)), /nothing but zeros.*first bytes 00 00/)
  assert.match(message(Uint8Array.from([0xff, 0xfe, 1, 2])), /unknown binary data; first bytes ff fe 01 02$/)
  const tar = new Uint8Array(512)
  tar.set(Buffer.from('name'))
  tar.set(Buffer.from('ustar'), 257)
  assert.match(message(tar), /a tar archive/)
})
