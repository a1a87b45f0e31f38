// temporary-folder: a folder of a test's own, removed when the test's process ends.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const made = new Set<string>()
process.on('exit', () => {
  for (const folder of made) fs.rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder(name = 'cordon-test'): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`))
  made.add(folder)
  return folder
}
