// Compiles the IEEE registries of the `oui-data` package into the table the product ships: src/inventory/oui.table.br.
// Run after an upgrade of that package: node scripts/compile-oui.ts. The result is the same on every machine.

import fs from 'node:fs'
import { createRequire } from 'node:module'
import { brotliCompressSync, constants } from 'node:zlib'

/** Longer names say no more. */
const NAME_MAX = 48

export function compileOui(): Buffer {
  const data = createRequire(import.meta.url)('oui-data') as Record<string, string>
  const rows = Object.keys(data).sort().map((prefix) => `${prefix.toLowerCase()}\t${(data[prefix] ?? '').split('\n')[0]?.slice(0, NAME_MAX) ?? ''}`)
  return brotliCompressSync(Buffer.from(`${rows.join('\n')}\n`), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
  })
}

export const OUI_FILE = new URL('../src/inventory/oui.table.br', import.meta.url)

if (import.meta.main) {
  const table = compileOui()
  fs.writeFileSync(OUI_FILE, table)
  console.log(`${OUI_FILE.pathname}: ${table.length} bytes`)
}
