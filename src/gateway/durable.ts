// durable: writes a small file so that after a crash there is the old content or the new, never half.
// Keeps the rule that what the gateway trusts is readable by its owner only.

import fs from 'node:fs'

export function writeDurably(file: string, bytes: Uint8Array | string): void {
  const fresh = `${file}.new`
  const fd = fs.openSync(fresh, 'w', 0o600)
  try {
    fs.writeFileSync(fd, bytes)
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
  fs.renameSync(fresh, file)
}
