// Reference findings: where the hospital's list, a person or a manufacturer's MDS2 says one thing and the packets another.
// Keeps to contradictions that somebody must decide on; a device that was not heard is a row of the diff, never an alarm.

import { shortId } from '../base/short-id.ts'
import type { Asset } from '../inventory/asset.ts'
import type { ListedDevice } from '../inventory/listed/listed.ts'
import { addressesTaken, type ListMatch, type ListMatches } from '../inventory/listed/match.ts'
import { mds2Contradictions, type SeenDoing } from '../inventory/mds2/contradictions.ts'
import { speaksOf, type Mds2 } from '../inventory/mds2/mds2.ts'
import type { Conversation } from './conversation.ts'
import type { Finding, Severity } from './finding.ts'
import { wardName, wardNameFirst } from './rule.ts'

export interface ReferenceParts {
  readonly assets: readonly Asset[]
  readonly matches: ListMatches
  readonly forms: readonly Mds2[]
  readonly conversations: readonly Conversation[]
  /** Findings of packets, under the assets' present ids. */
  readonly findings: readonly Finding[]
}

interface Words {
  readonly rule: string
  readonly behaviour: string
  readonly severity: Severity
  readonly ward: string
  readonly technical: string
  readonly help: string
  readonly inferred?: readonly string[]
  readonly frames?: readonly number[]
}

export function referenceFindings(parts: ReferenceParts): readonly Finding[] {
  const byId = new Map(parts.assets.map((a) => [a.id, a]))
  return [
    ...parts.matches.matches.flatMap((m) => retired(m, byId.get(m.asset))),
    ...parts.assets.flatMap(contradicted),
    ...addressesTaken(parts.assets, parts.matches.unseen).map(({ device, asset }) => addressTaken(device, asset)),
    ...parts.assets.flatMap(sharing),
    ...formFindings(parts),
  ]
}

function findingOf(asset: Asset, words: Words): Finding {
  const { rule, behaviour, severity, ward, technical, help } = words
  return {
    id: shortId('f', rule, asset.id, behaviour), rule, severity, assetId: asset.id, assetLabel: asset.label, ward, technical, help, attack: [],
    inferred: words.inferred ?? [], firstAt: asset.firstAt, lastAt: asset.lastAt, count: 1,
    evidence: { frames: words.frames ?? [], flows: [], details: [] },
  }
}

function retired(match: ListMatch, asset: Asset | undefined): Finding[] {
  if (!asset || match.device.status !== 'retired') return []
  const isSure = match.by === 'mac' || match.by === 'serial'
  const tag = match.device.tag ?? match.device.serial ?? match.device.where
  return [findingOf(asset, {
    rule: 'retired-but-talking', behaviour: match.device.id, severity: isSure ? 'high' : 'medium',
    ward: `${wardNameFirst(asset)} is on the hospital's list as ${match.device.statusText ?? 'retired'}, and is still on the network.`,
    technical: `${match.device.where} (${tag}) is "${match.device.statusText ?? 'retired'}"; ${asset.label} was seen, matched by ${match.by} ${match.value}.`,
    help: 'Find the device. If it was retired, unplug it and erase it; if it is in use, correct the list.',
    inferred: isSure ? [] : [`That it is the listed device is inferred from its ${match.by.replace('-', ' ')} alone.`],
  })]
}

function contradicted(asset: Asset): Finding[] {
  return (asset.composition?.contradictions ?? []).map((text) => findingOf(asset, {
    rule: 'list-contradicts-traffic', behaviour: text, severity: 'medium',
    ward: `${wardNameFirst(asset)} is not what it was written down as.`, technical: `${asset.label}: ${text}.`,
    help: 'Read the label on the device, then confirm what it says (cordon inventory confirm), or correct the list.',
  }))
}

function addressTaken(device: ListedDevice, asset: Asset): Finding {
  const tag = device.tag ?? device.serial ?? device.where
  return findingOf(asset, {
    rule: 'list-contradicts-traffic', behaviour: `address ${device.id}`, severity: 'low',
    ward: `${wardNameFirst(asset)} has the address of another device on the hospital's list.`,
    technical: `${device.where} (${tag}) lists ${device.ips.join(', ')} with ${device.macs.join(', ')}; ${asset.label} uses the address with another card.`,
    help: 'Correct the address in the list, or find out who gave it away.',
    inferred: ['An address handed out anew by DHCP looks the same.'],
  })
}

function sharing(asset: Asset): Finding[] {
  return asset.claims.filter((c) => c.what === 'sharing').map((c) => findingOf(asset, {
    rule: 'several-behind-one-address', behaviour: c.value, severity: 'low',
    ward: `More than one device may hide behind ${wardName(asset)}: what is there cannot be named one by one.`,
    technical: `${asset.label}: ${c.evidence}.`, help: 'Look at the place for a router, an access point or a switch of somebody\'s own.',
    inferred: ['That several hosts share the address is inferred from how they build packets; one machine with two systems looks alike.'],
    frames: [c.frame],
  }))
}

function formFindings(parts: ReferenceParts): Finding[] {
  if (parts.forms.length === 0) return []
  const said = groupBy(parts.conversations.filter((c) => c.from.assetId !== null), (c) => c.from.assetId ?? '')
  const heard = groupBy(parts.conversations.filter((c) => c.to.assetId !== null), (c) => c.to.assetId ?? '')
  const found = groupBy(parts.findings, (f) => f.assetId)
  return parts.assets.flatMap((asset) => {
    const forms = parts.forms.filter((form) => speaksOf(form, asset.vendor, asset.model))
    if (forms.length === 0) return []
    const seen = seenDoing(asset, said.get(asset.id) ?? [], heard.get(asset.id) ?? [], found.get(asset.id) ?? [])
    return forms.flatMap((form) => mds2Contradictions(form, seen).map((c) => findingOf(asset, {
      rule: 'mds2-contradicts-traffic', behaviour: `${form.id} ${c.code}`, severity: c.severity,
      ward: `${wardNameFirst(asset)}: ${c.ward.charAt(0).toLowerCase()}${c.ward.slice(1)}`, technical: `${asset.label}: ${c.technical}`,
      help: 'Ask the manufacturer for a corrected form, and plan with what the device does, not with what the form says.', frames: c.frames,
    })))
  })
}

/** Protocols of no published standard. */
const OWN_PROTOCOLS: ReadonlySet<string> = new Set(['cms8000', 'vista120', 'intellivue', 'mindray', 'carescape'])
/** Services that hardening turns off. */
const OLD_SERVICES: ReadonlySet<string> = new Set(['telnet', 'ftp', 'tftp', 'rsh', 'rexec', 'rlogin'])

/** What one asset was seen doing, from conversations and findings. */
function seenDoing(asset: Asset, said: readonly Conversation[], heard: readonly Conversation[], findings: readonly Finding[]): SeenDoing {
  const framesOf = (...rules: readonly string[]): readonly number[] =>
    findings.filter((f) => rules.includes(f.rule)).flatMap((f) => f.evidence.frames)
  const leaving = said.filter((c) => c.leaves)
  const patientDataFrames = framesOf('patient-data-in-clear')
  const protocols = new Set(said.flatMap((c) => c.protocol ?? []))
  const clear = new Set(findings.filter((f) => f.rule === 'patient-data-in-clear').flatMap((f) => f.evidence.flows.map((flow) => String(flow.dst))))
  const others = [...said.filter((c) => !c.leaves && c.to.zone !== 'group').map((c) => c.to), ...heard.map((c) => c.from)]
  return {
    outside: distinct(leaving.map((c) => c.to.ip)),
    fromOutside: distinct(heard.filter((c) => c.from.zone === 'internet').map((c) => c.from.ip)),
    peers: distinct(others.map((o) => o.assetId ?? o.ip)).filter((id) => id !== asset.id).length,
    patientDataFrames, patientDataOutside: patientDataFrames.length > 0 && leaving.some((c) => clear.has(c.to.ip)),
    ownProtocols: patientDataFrames.length > 0 ? [...protocols].filter((p) => OWN_PROTOCOLS.has(p)) : [],
    updateFrames: framesOf('update-pulled', 'update-attempted'),
    oldServices: distinct(heard.filter((c) => c.flows > c.attempts).flatMap((c) => c.protocol ?? [])).filter((p) => OLD_SERVICES.has(p)),
  }
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
