// Rule indicator-contact: somebody tries to reach an address that an advisory names, and nobody here owns it.
// The tries count: an ARP question and an unanswered SYN are the earliest signs (facts on the device, sections 1 and 10, ladder a and b).

import { greatestOf, leastOf } from '../../base/extent.ts'
import type { Ip } from '../../base/ip.ts'
import { parseMac } from '../../base/mac.ts'
import type { Micros } from '../../base/time.ts'
import type { ArpAsk, ArpRepeats } from '../../protocols/arp/facts.ts'
import type { Talk } from '../talks.ts'
import { transportName } from '../flow-mark.ts'
import { subjectAt, wardNameFirst, type Detector, type Draft, type FindingSubject, type Rule } from '../rule.ts'
import { count, some } from '../words.ts'
import type { World } from '../world.ts'
import type { Asset } from '../../inventory/asset.ts'
import { sumTalks } from './talk-group.ts'

/** An ARP question for one address by one asker. */
interface Question {
  readonly vlan: number
  readonly asker: Ip
  readonly target: Ip
  readonly firstAt: Micros
  lastAt: Micros
  count: number
  frames: readonly number[]
}

/** Askers and targets remembered; an ARP sweep of a /16 fits. */
const QUESTIONS_MAX = 65_536
const FRAMES_MAX = 20

export const indicatorContact: Rule = {
  id: 'indicator-contact',
  title: 'A device tries to reach an address named in an advisory',
  attack: [{ id: 'T1071', name: 'Application Layer Protocol', matrix: 'enterprise' }],
  open,
}

function open(): Detector {
  const questions = new Questions()
  return {
    hears: ['arp'],
    fact(fact) {
      if (fact.protocol === 'arp' && (fact.kind === 'ask' || fact.kind === 'repeats') && parseMac(fact.mac) !== null) questions.asked(fact)
    },
    findings: (world) => findings(world, questions.all),
  }
}

/** Questions found without building a key: an ARP storm asks the same thousands of times. */
class Questions {
  readonly all: Question[] = []
  readonly #byVlan = new Map<number, Map<Ip, Map<Ip, Question>>>()
  /** What the last asker asked for: a sweep is thousands of questions by one. */
  #lastVlan = Number.NaN
  #lastAsker: Ip | null = null
  #lastAsked: Map<Ip, Question> | undefined

  /** One question, or how often one that is known was asked again. */
  asked(fact: ArpAsk | ArpRepeats): void {
    const { vlan, ip: asker, target, at, frame } = fact
    if (asker === null || target === null) return
    const [times, frames] = fact.kind === 'repeats' ? [fact.times, fact.frames] : [1, [frame]]
    const known = this.#askedBy(vlan, asker)?.get(target)
    if (!known) return this.#add({ vlan, asker, target, firstAt: at, lastAt: at, count: times, frames })
    known.lastAt = Math.max(known.lastAt, at)
    known.count += times
    if (fact.kind === 'repeats' || known.frames.length < FRAMES_MAX) {
      known.frames = [...known.frames, ...frames].sort((a, b) => a - b).slice(0, FRAMES_MAX)
    }
  }

  #askedBy(vlan: number, asker: Ip): Map<Ip, Question> | undefined {
    if (vlan !== this.#lastVlan || asker !== this.#lastAsker) {
      this.#lastVlan = vlan
      this.#lastAsker = asker
      this.#lastAsked = this.#byVlan.get(vlan)?.get(asker)
    }
    return this.#lastAsked
  }

  /** A new one; beyond QUESTIONS_MAX it is forgotten. */
  #add(question: Question): void {
    if (this.all.length >= QUESTIONS_MAX) return
    const { vlan, asker, target } = question
    this.all.push(question)
    const asked = this.#askedBy(vlan, asker)
    if (asked) return void asked.set(target, question)
    const byAsker = this.#byVlan.get(vlan) ?? new Map<Ip, Map<Ip, Question>>()
    this.#lastAsked = new Map([[target, question]])
    this.#byVlan.set(vlan, byAsker.set(asker, this.#lastAsked))
  }
}

interface Contact {
  readonly subject: Asset | FindingSubject
  readonly talks: Talk[]
  readonly questions: Question[]
}

function findings(world: World, questions: readonly Question[]): Draft[] {
  const contacts = new Map<string, Contact>()
  const contactOf = (vlan: number, ip: Ip): Contact => {
    const subject = subjectAt(world, vlan, ip)
    const known = contacts.get(subject.id) ?? { subject, talks: [], questions: [] }
    contacts.set(subject.id, known)
    return known
  }
  for (const talk of world.talks) if (isTry(world, talk)) contactOf(talk.vlan, talk.src).talks.push(talk)
  for (const q of questions) if (world.indicatorOf(q.target) && !world.ownedHere(q.vlan, q.target)) contactOf(q.vlan, q.asker).questions.push(q)
  return [...contacts.values()].map((contact) => toDraft(world, contact))
}

/** Tries only: a conversation that took place is talks-outside's, one with a neighbour that owns the address is contained. */
function isTry(world: World, talk: Talk): boolean {
  if (talk.answered + talk.oneSided > 0 || talk.toGroup || world.indicatorOf(talk.dst) === null) return false
  return !world.isInside(talk.dst) && (world.leaves(talk) || !world.ownedHere(talk.vlan, talk.dst))
}

function toDraft(world: World, { subject, talks, questions }: Contact): Draft {
  const sum = sumTalks(talks)
  const targets = [...new Set([...talks.map((t) => t.dst), ...questions.map((q) => q.target)])]
  const services = [...new Set(talks.map((t) => `${transportName(t.proto)}/${t.port}`))]
  const asks = questions.reduce((n, q) => n + q.count, 0)
  const sources = [...new Set(targets.map((t) => world.indicatorOf(t)?.source ?? ''))]
  const tries = [
    ...(sum.count > 0 ? [`${count(sum.count, 'try', 'tries')} without an answer (${some(services)})`] : []),
    ...(asks > 0 ? [count(asks, 'ARP question')] : []),
  ]
  return {
    asset: subject, behaviour: 'contact', severity: 'high',
    ward: `${wardNameFirst(subject)} keeps looking for a server that is not in this hospital.`,
    technical: `Tries to reach ${some(targets)}: ${tries.join(' and ')}; nobody on the segment owns the address.`,
    help: 'Block the addresses at the firewall, and set the monitor\'s central station address to one of the hospital\'s own where the model allows it.',
    inferred: [], flows: sum.flows,
    frames: [...sum.frames, ...questions.flatMap((q) => q.frames)],
    count: sum.count + asks,
    firstAt: Math.min(sum.firstAt, leastOf(questions, (q) => q.firstAt)), lastAt: Math.max(sum.lastAt, greatestOf(questions, (q) => q.lastAt)),
    details: [
      ['indicators', some(targets)], ['named by', sources.join(', ')], ['connection tries', String(sum.count)], ['ARP questions', String(asks)],
    ],
  }
}
