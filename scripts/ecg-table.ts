// ecg-table: prints how well the R-peak detectors of the gateway do on the real records beside the checkout, as in docs/gateway.md.
// Keeps the rule that a published figure has a command: npm run table:ecg.

import { clinicalMissing } from '../src/testing/shared.ts'
import { ecgTable, ecgTableText } from '../src/testing/ecg-table.ts'

if (clinicalMissing === false) console.log(ecgTableText(ecgTable()))
else {
  console.error(`cannot make the table: ${clinicalMissing}`)
  process.exitCode = 3
}
