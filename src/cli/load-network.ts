// loadNetwork: a network file with all texts it names, read by the platforms that understand them. Paths are relative to the file.
// Keeps "what, where, what to do": a text that cannot be read is told with the line of the network file that names it.

import path from 'node:path'
import { formatDiagnostic } from '../base/diagnostic.ts'
import { err, ok, type Result } from '../base/result.ts'
import { CONFIG_BYTES_MAX, loadNetworkFile, readTextFile } from '../config/index.ts'
import { buildNetwork, type DeviceTexts } from '../policy/network/build.ts'
import type { FileName, WrittenDevice } from '../policy/network/file.ts'
import type { Network } from '../policy/network/model.ts'
import { readConfigFile } from './read-config.ts'

/** The network, or everything that is wrong, ready to print. */
export function loadNetwork(file: string): Result<Network> {
  const written = loadNetworkFile(file)
  if (!written.ok) return err(written.error.map(formatDiagnostic).join('\n'))
  const problems: string[] = []
  const texts = written.value.devices.map((device) => deviceTexts(device, path.dirname(file), problems))
  if (problems.length > 0) return err(problems.join('\n'))
  const { network, diagnostics } = buildNetwork(written.value, texts)
  return network === null ? err(diagnostics.filter((d) => d.severity === 'error').map(formatDiagnostic).join('\n')) : ok(network)
}

function deviceTexts(device: WrittenDevice, folder: string, problems: string[]): DeviceTexts {
  const text = (file: FileName): readonly { readonly text: string; readonly file: string }[] => {
    const full = path.resolve(folder, file.name)
    const read = readTextFile(full, path.join(folder, file.name), CONFIG_BYTES_MAX)
    if (read.ok) return [{ text: read.value, file: path.join(folder, file.name) }]
    problems.push(`${formatDiagnostic(read.error)}\n  named on line ${file.at.line} of ${file.at.file}`)
    return []
  }
  return {
    config: device.config === null ? null : configText(device, device.config, folder, problems),
    routes: [
      ...device.routes.flatMap(text).map((t) => ({ ...t, table: null })),
      ...device.tables.flatMap(({ table, routes }) => text(routes).map((t) => ({ ...t, table }))),
    ],
    rules: [
      ...(device.rules === null ? [] : text(device.rules)).map((t) => ({ ...t, version: 4 as const })),
      ...(device.rules6 === null ? [] : text(device.rules6)).map((t) => ({ ...t, version: 6 as const })),
    ],
  }
}

function configText(device: WrittenDevice, config: FileName, folder: string, problems: string[]): DeviceTexts['config'] {
  const full = path.join(folder, config.name)
  const understood = readConfigFile(full, device.target ?? undefined)
  const text = readTextFile(full, full, CONFIG_BYTES_MAX)
  if (understood.ok && text.ok) return { text: text.value, file: full, read: understood.value.reader.read }
  if (!understood.ok) problems.push(`${understood.error.message}\n  named on line ${config.at.line} of ${config.at.file}`)
  return null
}
