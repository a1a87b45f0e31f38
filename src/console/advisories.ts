// advisories: matches of published advisories as routes, and a person's decision on one. Matching and keeping come from outside (deps.ts).

import { REASON_LENGTH_MAX, VERDICTS } from '../inventory/advisories/index.ts'
import type { AdvisoryMatch } from './api.ts'
import type { ConsoleDeps } from './deps.ts'
import { fail, notFound } from './errors.ts'
import type { EventHub } from './events.ts'
import { readRecords } from './records.ts'
import type { Handler } from './routes.ts'

/** Of one asset only that asset is searched for: its page must not wait for a hospital. */
export function advisoryViews(deps: ConsoleDeps): Readonly<Record<string, Handler>> {
  return {
    '/advisories': (analysis) => matchesOf(deps, analysis),
    '/assets/:assetId/advisories': (analysis, { assetId }) => matchesOf(deps, analysis, assetId),
  }
}

async function matchesOf(deps: ConsoleDeps, analysis: Parameters<Handler>[0], assetId?: string): Promise<AdvisoryMatch[]> {
  if (deps.advisories === undefined) return []
  const { assets, conversations } = await readRecords(deps.store, analysis, deps.profiles ?? new Map())
  return deps.advisories.matches({ conversations, assets: assets.filter(({ id }) => assetId === undefined || id === assetId) })
}

export function advisoryDecision(deps: ConsoleDeps, hub: EventHub): Handler {
  return async (analysis, { matchId }, request, reply) => {
    const said = saidIn(request.body)
    if (said === null) {
      return fail(reply, 400, 'bad-decision', 'The body names no decision with its reason.',
        `Send { "verdict": one of ${VERDICTS.join(', ')}, "reason": a sentence of at most ${REASON_LENGTH_MAX} characters }.`)
    }
    const found = (await matchesOf(deps, analysis)).find(({ match }) => match.id === matchId)
    if (found === undefined || deps.advisories === undefined) return notFound(reply, 'match')
    // `local` until there are logins, as for triage.
    const decision = await deps.advisories.keep(found.match, { ...said, by: 'local', at: deps.now() })
    hub.send({ name: 'change', data: { analysis: analysis.id, state: analysis.state } })
    return { ...found, decision, askAgain: null } satisfies AdvisoryMatch
  }
}

function saidIn(body: unknown): { readonly verdict: 'confirm' | 'reject'; readonly reason: string } | null {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>
  const verdict = VERDICTS.find((known) => known === fields['verdict'])
  const reason = typeof fields['reason'] === 'string' ? fields['reason'].trim() : ''
  return verdict === undefined || reason === '' || reason.length > REASON_LENGTH_MAX ? null : { verdict, reason }
}
