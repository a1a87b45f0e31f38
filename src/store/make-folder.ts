// MakeFolder: a folder and what is missing above it.
// Keeps the rule that no path can hang a command: Node's own recursive mkdir never returns where the kernel says "no such file" of a child.

import fs from 'node:fs'
import path from 'node:path'

/** Does nothing when the folder exists. Throws what the operating system says. */
export function makeFolder(folder: string, mode = 0o777): void {
  const missing: string[] = []
  for (let at = path.resolve(folder); !fs.existsSync(at) && at !== path.dirname(at); at = path.dirname(at)) missing.unshift(at)
  for (const one of missing) makeOne(one, mode)
  if (!fs.statSync(folder).isDirectory()) fs.mkdirSync(folder, { mode })
}

/** Somebody else may make it in between: that is as good. */
function makeOne(folder: string, mode: number): void {
  try {
    fs.mkdirSync(folder, { mode })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
}
