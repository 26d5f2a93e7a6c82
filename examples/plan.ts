/** Confidence before combining: what would be built, and what stands in the way. `node plan.js OUT FILE..` */
import { fileURLToPath } from 'node:url'
import { type PlanReport, planSets, preprocess, scan, type WriteReport, writeParquet } from 'kstream'

/** Plans to join the files along time, and writes the set where they fit: one group for each run of files that do. */
export async function planAndBuild(
  files: readonly string[],
  output: string,
): Promise<{ plan: PlanReport; written: WriteReport }> {
  // The history of each file says who made it, and differs in all of them.
  const withoutHistory = preprocess((header) => ({
    ...header,
    groups: header.groups.map(({ attributes: { history: _history, ...attributes }, ...group }) => ({
      ...group,
      attributes,
    })),
  }))
  const combination = await planSets(withoutHistory(scan(files)), 'time', { onMismatch: 'eras' })
  const set = await combination.set()
  async function* only() {
    yield set
  }
  return { plan: combination.report, written: await writeParquet(output)(only()) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [output, ...files] = process.argv.slice(2)
  const { plan, written } = await planAndBuild(files, output)
  for (const { kind, array, subject, inputs } of plan.barriers) {
    console.log(`${kind} between ${inputs.join(' and ')}: ${array}, ${subject}`)
  }
  for (const era of plan.eras) console.log(`${era.name}: ${era.inputs} files from ${era.first}`)
  console.log(`${written.references} references in ${written.path}`)
}
