// Inside: the process that runs in the drill's own network; it checks that, builds the ward, plays the phases and reports.
// Keeps the rule that it refuses to build anything in a network that is not its own, whoever started it.

import fs from 'node:fs'
import { networkProblem } from './guard.ts'
import { CommandFailed, linksOf, RulesRefused } from './lab.ts'
import { planDrill, runPhases } from './phases.ts'
import type { DrillSpec, InsideMessage } from './protocol.ts'

function tell(message: InsideMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, () => resolve())
  })
}

async function drill(spec: DrillSpec): Promise<void> {
  try {
    const problem = networkProblem(fs.readlinkSync('/proc/self/ns/net'), spec.outerNetwork, await linksOf(null))
    if (problem !== null) throw new CommandFailed(`${problem}; nothing was built and nothing was sent`)
    const plan = planDrill(spec)
    await tell({ kind: 'result', result: await runPhases(plan, (words) => void tell({ kind: 'step', words })) })
    process.exit(0)
  } catch (cause) {
    if (!(cause instanceof CommandFailed)) throw cause
    await tell({ kind: 'failed', because: cause instanceof RulesRefused ? 'rules' : 'machine', reason: cause.message })
    process.exit(1)
  }
}

process.on('message', (spec: DrillSpec) => void drill(spec))
process.on('disconnect', () => process.exit(1))
void tell({ kind: 'hello' })
