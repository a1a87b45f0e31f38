// gateway.yaml for a command: the configuration, or everything that is wrong with it on stderr.

import { formatDiagnostic } from '../base/diagnostic.ts'
import type { GatewayConfig } from '../config/gateway.ts'
import { loadGatewayFile } from '../config/gateway-file.ts'
import type { Io } from './io.ts'

/** Null when it cannot be used; the reasons are told. */
export function gatewayConfig(file: string, io: Io): GatewayConfig | null {
  const loaded = loadGatewayFile(file)
  for (const diagnostic of loaded.ok ? loaded.value.warnings : loaded.error) io.err(`${formatDiagnostic(diagnostic)}\n`)
  return loaded.ok ? loaded.value.config : null
}
