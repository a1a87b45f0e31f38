// Product folder: where the files shipped with Cordon are, from source, from dist/ and from node_modules alike.
// Keeps the rule that the current folder means nothing: only this module's own place is asked.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvariantError } from '../base/assert.ts'

/** src/config and dist/config are two levels deep; a bundler's chunk folder adds at most a few. */
const LEVELS_MAX = 6

/** Absolute path of a shipped folder or file such as `profiles`. Throws when the installation lacks it: that is our mistake. */
export function productPath(name: string, from: string = dirname(fileURLToPath(import.meta.url))): string {
  let folder = from
  for (let level = 0; level < LEVELS_MAX; level++) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, name))) return join(folder, name)
    folder = dirname(folder)
  }
  throw new InvariantError(`the installation has no ${name}`)
}
