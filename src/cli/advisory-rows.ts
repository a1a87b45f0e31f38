// Advisories as rows for JSON: what `advisory list` and `advisory show` give to programs.

import type { AdvisoryDesk } from './advisory-desk.ts'
import { advisoryLine, type Advisory } from '../inventory/advisories/index.ts'

export function highestScore(advisory: Advisory): number | null {
  const scores = advisory.vulnerabilities.flatMap(({ score }) => score?.score ?? [])
  return scores.length === 0 ? null : Math.max(...scores)
}

/** The facts of the table, and what this installation adds to them. */
export function advisoryJson(desk: AdvisoryDesk, advisory: Advisory): unknown {
  return {
    ...JSON.parse(advisoryLine(advisory)) as object, source: desk.imported.has(advisory.id) ? 'imported' : 'shipped', highestScore: highestScore(advisory),
    exploited: advisory.vulnerabilities.flatMap(({ cve }) => (cve !== null && desk.exploited.cves.has(cve) ? [cve] : [])),
    exploitedUnconfirmed: advisory.vulnerabilities.flatMap(({ cve }) => (cve !== null && desk.exploited.unconfirmed.has(cve) ? [cve] : [])),
  }
}
