// webRoot: the built browser app. In a checkout it is built when missing or older than its source; a published package brings it along.

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { productPath } from '../config/index.ts'

/** Absolute path of web/dist. Throws when it is missing and cannot be built: an installation without devDependencies and without dist. */
export function webRoot(): string {
  const home = path.dirname(productPath('package.json'))
  const dist = path.join(home, 'web', 'dist')
  const source = path.join(home, 'web', 'src')
  const vite = path.join(home, 'node_modules', 'vite', 'bin', 'vite.js')
  const isStale = !fs.existsSync(path.join(dist, 'index.html')) || newest(source) > fs.statSync(path.join(dist, 'index.html')).mtimeMs
  if (isStale && fs.existsSync(source) && fs.existsSync(vite)) {
    execFileSync(process.execPath, [vite, 'build', 'web', '--logLevel', 'error'], { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  return dist
}

/** Newest modification below a folder, in ms since the epoch; 0 without the folder. */
function newest(folder: string): number {
  if (!fs.existsSync(folder)) return 0
  return Math.max(0, ...fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => fs.statSync(path.join(folder, name)).mtimeMs))
}
