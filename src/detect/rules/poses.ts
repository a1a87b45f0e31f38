// The name of a device that poses: without the role that it took, which the inventory believes as long as nobody says otherwise.
// Keeps the rule that a finding never calls a false router "the router".

import { roleName, type Asset } from '../../inventory/asset.ts'
import { wardNameFirst, type FindingSubject } from '../rule.ts'

/** "The device at 10.0.0.66", or the name it has of its own; at the beginning of a sentence. */
export function posesFirst(subject: Asset | FindingSubject): string {
  if (!('role' in subject) || !subject.label.startsWith(roleName(subject.role))) return wardNameFirst(subject)
  return `The device at ${subject.interfaces.find((i) => i.ip !== null)?.ip ?? subject.interfaces[0]?.mac ?? 'an unknown address'}`
}
