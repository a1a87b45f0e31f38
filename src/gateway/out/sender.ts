// Sender: starts what sends one target's queue: MLLP for pcd01, HTTP for fhir.
// Keeps the rule that a target's protection is what its configuration says, and that its state says which.

import { assert } from '../../base/assert.ts'
import type { TargetConfig } from '../../config/gateway.ts'
import type { TargetQueue } from '../queue/delivery.ts'
import type { OutDeps, ProtectedSender } from './deps.ts'
import { targetFault } from './dial.ts'
import { startFhirSender } from './fhir-sender.ts'
import { startMllpSender } from './mllp-sender.ts'

/** Begins at once. The queue gets its work listener from here; `close` gives what is unanswered back to it. */
export function startSender(target: TargetConfig, queue: TargetQueue, deps: OutDeps): ProtectedSender {
  const fault = targetFault(target)
  assert(fault === null, `target ${target.name}: ${fault}`)
  return target.kind === 'pcd01' ? startMllpSender(target, queue, deps) : startFhirSender(target, queue, deps)
}
