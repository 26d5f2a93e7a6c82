/** Numbers and tables as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `1234567` as '1.2 MB'; decimal units. */
export function formatBytes(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit]}`
}

/** `1234567` as '1,234,567'. */
export function formatCount(count: number): string {
  // Intl takes longer to start than many commands run.
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** '1 file', '2 files'. */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Seconds as '0.4 s', '2 min 5 s', '1 h 3 min'. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** How the cells of a column stand. */
export type Alignment = 'left' | 'right'

/** Lines of columns two spaces apart; the first row is the heading. */
export function formatTable(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
): string[] {
  const widths = alignments.map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        alignments[column] === 'right' ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  )
}
