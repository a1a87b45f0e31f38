// cordon gateway run: the gateway in the foreground, with its console, until Ctrl-C.
// Keeps the rule that the intended use is the first thing that it says.

import { createConsole } from '../console/server.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import { INTENDED_USE } from '../gateway/core/beds-frame.ts'
import type { GatewayParts } from '../gateway/hospital/parts.ts'
import { realParts } from '../gateway/hospital/real-parts.ts'
import { runGateway } from '../gateway/hospital/run.ts'
import { clearNotices } from '../gateway/hospital/status.ts'
import { gatewayConsole } from './gateway-console.ts'
import { gatewayConfig } from './gateway-file.ts'
import { Exit, type Io } from './io.ts'

/** Exit codes: 130 or 143 after an orderly end by signal (set by the caller); usage (2) when it cannot start. */
export async function gatewayRun(file: string, io: Io, partsOf: (config: GatewayConfig) => GatewayParts = realParts): Promise<number> {
  const config = gatewayConfig(file, io)
  if (config === null) return Exit.usage
  io.err(`${INTENDED_USE}\n`)
  for (const notice of clearNotices(config)) io.err(`warning: ${notice}\n`)
  const result = await runGateway(config, partsOf(config), io.signal, async (hospital) => {
    const console = await createConsole(gatewayConsole(config, hospital.beds, (error) => io.err(`cordon gateway: ${nameOf(error)}\n`)))
    const url = await listenOrTell(console, config, io)
    io.out(`Gateway ${config.name}: monitors are heard on ${config.segment.cms} and ${config.segment.hl7}\n`)
    if (url !== null) io.out(`Console: ${url}\n`)
    io.err('Ctrl-C ends it. How it stands: cordon gateway status\n')
    return () => console.close()
  })
  if (result.ok) return Exit.ok
  io.err(`cordon gateway run: ${result.error.message}\n  help: ${result.error.help}\n`)
  return Exit.usage
}

/** A taken port of the page is no reason to stop hearing monitors: it is told, and the gateway runs without its page. */
async function listenOrTell(console: Awaited<ReturnType<typeof createConsole>>, { console: { host, port } }: GatewayConfig, io: Io): Promise<string | null> {
  try {
    return await console.listen(host, port)
  } catch (cause) {
    io.err(`cordon gateway: the beds page cannot be served on ${host}:${port} (${nameOf(cause)}); the gateway runs without it\n`)
    return null
  }
}

/** The kind of a failure only: its text could hold what a request held. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failure'
  return 'code' in error ? String(error.code) : error.name
}
