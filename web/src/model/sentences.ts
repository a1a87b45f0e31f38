// sentences: what the overview says first, in ward words, from counts alone.
// Keeps S4 and S10: no sentence says that all is well; what was not seen is "not seen", with how long we looked.

import type { Analysis, Overview } from '../../../src/console/api.ts'
import { formatDuration, plural } from './format.ts'

/** The first line of the overview. */
export function headline({ assets }: Pick<Overview, 'assets'>): string {
  if (assets.total === 0) return 'No asset was found in this capture.'
  if (assets.talkOutside === 0) return 'No asset was seen talking outside the hospital.'
  const verb = assets.talkOutside === 1 ? 'talks, or tries to talk,' : 'talk, or try to talk,'
  return `${assets.talkOutside} of ${plural(assets.total, 'asset')} ${verb} to addresses outside the hospital.`
}

/** The second line: what waits for a decision, and what "not seen" is worth. */
export function lead({ assets, conversations, findings, analysis }: Overview): string {
  const open = Object.values(findings).reduce((sum, count) => sum + count, 0)
  const { denied } = conversations
  const parts = [
    open === 0 ? 'No finding waits for a decision.' : `${plural(open, 'finding')} ${open === 1 ? 'waits' : 'wait'} for a decision.`,
    denied === 0 ? '' : `${plural(denied, 'conversation')} ${denied === 1 ? 'is' : 'are'} denied by the policy.`,
    assets.talkOutside === 0 ? `${lookedFor(analysis)} Silence is not safety.` : '',
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** `We looked for 40 seconds.` */
export function lookedFor(analysis: Pick<Analysis, 'firstAt' | 'lastAt'>): string {
  if (analysis.firstAt === null || analysis.lastAt === null) return 'There is no packet with a time in it.'
  return `We looked for ${formatDuration(analysis.lastAt - analysis.firstAt)}.`
}

const STATE_WORDS: Readonly<Record<Analysis['state'], string>> = {
  running: 'still being read', complete: 'read to its end', partial: 'only partly readable', failed: 'could not be read',
  'broken-off': 'broke off: the watch was killed or the power went',
}

/** How complete it is; what has no end is watched, not read. */
export function stateWords({ state, source }: Pick<Analysis, 'state' | 'source'>): string {
  return state === 'running' && source !== 'capture' ? 'still watching' : STATE_WORDS[state]
}
