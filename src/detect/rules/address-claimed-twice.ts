// Rule address-claimed-twice: two cards claim one address. Says who is likely the owner and who poses, with the reasons.
// Source: facts on the device, section 10, ladder h (rogue central); RFC 5227 section 2.4 on address conflicts.

import { formatMac } from '../../base/mac.ts'
import { arpAddresses, judgeOwner, type Impostor, type OwnerVerdict } from '../../inventory/ownership.ts'
import type { Asset } from '../../inventory/asset.ts'
import type { Draft, FindingSubject, Rule } from '../rule.ts'
import { subjectAt } from '../rule.ts'
import type { World } from '../world.ts'

export const addressClaimedTwice: Rule = {
  id: 'address-claimed-twice',
  title: 'A second card claims an address that another one owns',
  attack: [{ id: 'T1557.002', name: 'ARP Cache Poisoning', matrix: 'enterprise' }],
  open: () => ({ findings }),
}

function findings(world: World): Draft[] {
  const addressesOf = arpAddresses(world.bindings)
  const drafts: Draft[] = []
  for (const claimants of world.bindings.addresses()) {
    const contenders = claimants.filter((b) => !world.routers.has(b.mac) || b.arpRequests + b.solicitedReplies + b.unsolicitedReplies > 0)
    const verdict = judgeOwner(world.bindings, contenders, addressesOf)
    if (verdict) drafts.push(...verdict.impostors.map((impostor) => toDraft(world, verdict, impostor)))
  }
  return drafts
}

function toDraft(world: World, { owner }: OwnerVerdict, { binding, reasons }: Impostor): Draft {
  const subject = subjectAt(world, binding.vlan, binding.ip)
  const severity = isClinical(subject) ? 'critical' : 'high'
  const impostor = formatMac(binding.mac)
  return {
    asset: subject, behaviour: `claimed by ${impostor}`, severity,
    ward: `A second device pretends to be ${wardLabel(subject)}; what it shows or receives can be false.`,
    technical: `${impostor} claims ${binding.ip}, which belongs to ${formatMac(owner.mac)}; the claimant ${reasons.join(', ') || 'came second'}.`,
    help: `Find the switch port of ${impostor} and unplug it; then check what the devices around believed in the meantime.`,
    inferred: ['Which of the two is the owner is judged from their behaviour.'],
    firstAt: binding.firstAt, lastAt: binding.lastAt,
    count: binding.arpRequests + binding.solicitedReplies + binding.unsolicitedReplies,
    frames: [...owner.frames.slice(0, 3), ...binding.frames], flows: [],
    details: [['address', binding.ip], ['owner', formatMac(owner.mac)], ['impostor', impostor], ['signs', reasons.join('; ')]],
  }
}

function isClinical(subject: Asset | FindingSubject): boolean {
  return 'role' in subject && (subject.role === 'patient-monitor' || subject.role === 'central-station')
}

function wardLabel(subject: Asset | FindingSubject): string {
  if (!('role' in subject)) return subject.label
  if (subject.role === 'central-station') return 'the central station'
  if (subject.role === 'patient-monitor' && subject.bed !== null) return `bed ${subject.bed}'s monitor`
  return subject.label
}
