// tell-memory: loaded before a program with --import, says on standard error how much memory its process held at most, in bytes.
// Keeps the measured program as it is.

import fs from 'node:fs'

process.on('exit', () => {
  fs.writeSync(2, `most memory: ${process.resourceUsage().maxRSS * 1024}\n`)
})
