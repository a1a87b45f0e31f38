// network-texts: a network from a YAML text and the texts it names, both as strings, for tests that want to see both.

import assert from 'node:assert/strict'
import { parseYaml } from '../config/yaml.ts'
import { READERS } from '../policy/compile/registry.ts'
import { buildNetwork, type BuiltNetwork, type DeviceTexts } from '../policy/network/build.ts'
import { parseNetwork, type FileName } from '../policy/network/file.ts'
import type { Network } from '../policy/network/model.ts'

/** `texts` by the names in the YAML; a device's `target` says who reads its configuration, nftables when left out. */
export function builtFrom(yaml: string, texts: Readonly<Record<string, string>>): BuiltNetwork {
  const { tree, diagnostics } = parseYaml(yaml, 'network.yaml')
  assert.ok(tree, diagnostics.map((d) => d.message).join())
  const parsed = parseNetwork(tree)
  assert.ok(parsed.network, parsed.diagnostics.map((d) => d.message).join('; '))
  const text = (file: FileName | null) => (file === null ? [] : [{ text: texts[file.name] ?? '', file: file.name }])
  return buildNetwork(parsed.network, parsed.network.devices.map((device): DeviceTexts => {
    const reader = READERS.find(({ id }) => id === (device.target ?? 'nftables'))
    const [config] = text(device.config)
    return {
      config: config && reader ? { ...config, read: reader.read } : null,
      routes: [
        ...device.routes.flatMap(text).map((t) => ({ ...t, table: null })),
        ...device.tables.flatMap(({ table, routes }) => text(routes).map((t) => ({ ...t, table }))),
      ],
      rules: [...text(device.rules).map((t) => ({ ...t, version: 4 as const })), ...text(device.rules6).map((t) => ({ ...t, version: 6 as const }))],
    }
  }))
}

export function networkFrom(yaml: string, texts: Readonly<Record<string, string>>): Network {
  const { network, diagnostics } = builtFrom(yaml, texts)
  assert.ok(network, diagnostics.map((d) => d.message).join('; '))
  return network
}
