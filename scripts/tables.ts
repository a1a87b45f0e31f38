// npm run tables: writes docs/corpora.md, what our readers make of the real texts beside the checkout.
// Keeps the document true: a test compares it with a fresh run.

import fs from 'node:fs'
import { corporaMissing, corporaText, CORPORA_DOC } from '../src/testing/corpora.ts'

if (corporaMissing !== false) {
  process.stderr.write(`nothing written: ${corporaMissing}\n`)
  process.exit(3)
}
fs.writeFileSync(CORPORA_DOC, corporaText())
process.stderr.write(`${CORPORA_DOC} written\n`)
