// Where the probes of docs/compat.md's rows are kept. A probe of a row that says `same` or `differs` gives true; that of an
// `absent` row gives what the script is told.

export const all = []

/** The probes of a section, by row. */
export function section(name, probes) {
  for (const row of Object.keys(probes)) all.push({ section: name, row, probe: probes[row] })
}

/** What a call throws. */
export function thrown(call) {
  try { call() } catch (error) { return String(error) }
  return 'nothing was thrown'
}

export const is = (value, wanted) => {
  const [have, want] = [value, wanted].map((one) => JSON.stringify(one) ?? String(one))
  return have === want || `${have} is not ${want}`
}

/** Probes which only show that methods are there. */
export const methods = (object, names) => Object.fromEntries(names.map((name) => [name, () => is(typeof object()[name], 'function')]))
