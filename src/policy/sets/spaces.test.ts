// The conformance suite on both engines of full size.
// Keeps "one interface, many plain implementations": what a prover relies on holds for each.

import { packetSetConformance } from '../../testing/packet-set-conformance.ts'
import { runs } from '../../testing/runs.ts'
import { bddSpace } from './bdd-space.ts'
import { boxSpace } from './box-space.ts'

packetSetConformance('diagrams', { open: (version) => bddSpace(version), runs: runs(80) })
packetSetConformance('boxes', { open: (version) => boxSpace(version), runs: runs(60), shape: { sparseMasks: false } })
