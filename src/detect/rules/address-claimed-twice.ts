// Rule address-claimed-twice: two cards claim one address. Says who is likely the owner and who poses, with the reasons.
// Source: facts on the device, section 10, ladder h (rogue central); RFC 5227 section 2.4 on address conflicts.

import { greatestOf, leastOf } from '../../base/extent.ts'
import { formatMac } from '../../base/mac.ts'
import { arpAddresses, judgeOwner, type OwnerVerdict } from '../../inventory/ownership.ts'
import type { Asset } from '../../inventory/asset.ts'
import type { Draft, FindingSubject, Rule } from '../rule.ts'
import { subjectAt, wardName } from '../rule.ts'
import type { World } from '../world.ts'

export const addressClaimedTwice: Rule = {
  id: 'address-claimed-twice',
  title: 'A second card claims an address that another one owns',
  attack: [{ id: 'T1557.002', name: 'ARP Cache Poisoning', matrix: 'enterprise' }],
  open: () => ({ findings }),
}

/** Claimants written out; a corrupt capture can have a hundred. */
const CARDS_SHOWN = 5

function findings(world: World): Draft[] {
  const addressesOf = arpAddresses(world.bindings)
  const drafts: Draft[] = []
  for (const claimants of world.bindings.addresses()) {
    const contenders = claimants.filter((b) => !world.routers.has(b.mac) || b.arpRequests + b.solicitedReplies + b.unsolicitedReplies > 0)
    const verdict = judgeOwner(world.bindings, contenders, addressesOf)
    if (verdict && verdict.impostors.length > 0) drafts.push(toDraft(world, verdict))
  }
  return drafts
}

/** One finding per address, however many pose as its owner. */
function toDraft(world: World, { owner, impostors }: OwnerVerdict): Draft {
  const subject = subjectAt(world, owner.vlan, owner.ip)
  const cards = impostors.map((i) => formatMac(i.binding.mac))
  const bindings = impostors.map((i) => i.binding)
  const signs = impostors.map((i) => `${formatMac(i.binding.mac)}: ${i.reasons.join(', ') || 'came second'}`)
  const who = impostors.length === 1 ? 'A second device pretends' : `${impostors.length} other devices pretend`
  return {
    asset: subject, behaviour: 'claimed twice', severity: isClinical(subject) ? 'critical' : 'high',
    ward: `${who} to be ${wardLabel(subject)}; what it shows or receives can be false.`,
    technical: `${owner.ip} belongs to ${formatMac(owner.mac)} and is also claimed by ${signs.slice(0, CARDS_SHOWN).join('; ')}.`,
    help: `Find the switch port of ${cards.slice(0, CARDS_SHOWN).join(', ')} and unplug it; then check what the devices around believed in the meantime.`,
    inferred: ['Which of them is the owner is judged from their behaviour; a stand-by machine that takes over as planned looks alike.'],
    firstAt: leastOf(bindings, (b) => b.firstAt), lastAt: greatestOf(bindings, (b) => b.lastAt),
    count: bindings.reduce((n, b) => n + b.arpRequests + b.solicitedReplies + b.unsolicitedReplies, 0),
    frames: [...owner.frames.slice(0, 3), ...bindings.flatMap((b) => b.frames)], flows: [],
    details: [
      ['address', owner.ip], ['owner', formatMac(owner.mac)], ['impostor', cards.slice(0, CARDS_SHOWN).join(', ')],
      ['signs', signs.slice(0, CARDS_SHOWN).join('; ')],
    ],
  }
}

function isClinical(subject: Asset | FindingSubject): boolean {
  return 'role' in subject && (subject.role === 'patient-monitor' || subject.role === 'central-station')
}

function wardLabel(subject: Asset | FindingSubject): string {
  return 'role' in subject && subject.role === 'central-station' ? 'the central station' : wardName(subject)
}
