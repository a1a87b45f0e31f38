// fuzz-targets: every target of the coverage-guided fuzzer, with the canaries that must fail. Import src/testing/coverage.ts before it.
// Keeps one list for the short form in the tests, the long form in `npm run fuzz:wire`, and the corpus.

import type { WireTarget } from './fuzz-engine.ts'
import { IMPORT_TARGETS } from './fuzz-import-targets.ts'
import { PROTOCOL_TARGETS } from './fuzz-protocol-targets.ts'
import { SENSOR_TARGETS } from './fuzz-sensor-targets.ts'
import { WIRE_TARGETS } from './fuzz-wire-targets.ts'

export const ALL_TARGETS: readonly WireTarget[] = [...WIRE_TARGETS, ...PROTOCOL_TARGETS, ...SENSOR_TARGETS, ...IMPORT_TARGETS]

export function targetNamed(id: string): WireTarget {
  const target = ALL_TARGETS.find((t) => t.id === id)
  if (target === undefined) throw new Error(`there is no fuzz target ${id}`)
  return target
}
