// Rule server-payload: somebody writes to a monitor on the central station's connection.
// Source: facts on the device, section 1: two implementations accept, never write a byte, and still receive; a genuine central has never been seen to write.

import type { Ip } from '../../base/ip.ts'
import type { Micros } from '../../base/time.ts'
import { subjectAt, wardNameFirst, type Detector, type Draft, type Rule } from '../rule.ts'
import { markOf, type FlowMark } from '../flow-mark.ts'
import { count } from '../words.ts'
import type { World } from '../world.ts'

interface Writing {
  readonly vlan: number
  readonly monitor: Ip
  readonly server: Ip
  readonly firstAt: Micros
  lastAt: Micros
  count: number
  bytes: number
  readonly frames: number[]
  readonly flows: FlowMark[]
}

/** Monitor and server pairs remembered. */
const WRITINGS_MAX = 4096
const FRAMES_MAX = 20
const FLOWS_MAX = 10

export const serverPayload: Rule = {
  id: 'server-payload',
  title: 'Something writes to a monitor over the central station\'s connection',
  attack: [{ id: 'T0855', name: 'Unauthorized Command Message', matrix: 'ics' }],
  open,
}

function open(): Detector {
  const writings = new Map<string, Writing>()
  return {
    hears: ['cms8000'],
    fact(fact, flow) {
      if (fact.protocol !== 'cms8000' || fact.kind !== 'downstream' || !flow) return
      const monitor = fact.monitorSide === 0 ? flow.src : flow.dst
      const server = fact.monitorSide === 0 ? flow.dst : flow.src
      const key = `${flow.vlan}|${monitor}|${server}`
      const writing = writings.get(key) ?? { vlan: flow.vlan, monitor, server, firstAt: fact.at, lastAt: fact.at, count: 0, bytes: 0, frames: [], flows: [] }
      if (!writings.has(key) && writings.size >= WRITINGS_MAX) return
      writings.set(key, writing)
      writing.lastAt = fact.at
      writing.count++
      writing.bytes += fact.bytes
      if (writing.frames.length < FRAMES_MAX) writing.frames.push(fact.frame)
      if (writing.flows.length < FLOWS_MAX) writing.flows.push(markOf(flow))
    },
    findings: (world) => [...writings.values()].map((w) => toDraft(world, w)),
  }
}

function toDraft(world: World, w: Writing): Draft {
  const subject = subjectAt(world, w.vlan, w.monitor)
  return {
    asset: subject, behaviour: `from ${w.server}`, severity: 'high',
    ward: `${wardNameFirst(subject)} is being written to over the network; a central station only listens.`,
    technical:
      `${w.server} sent payload to ${w.monitor} on ${count(w.count, 'CMS connection')}, ${count(w.bytes, 'byte')} at first; ` +
      'the central station is not known to send any.',
    help: 'Check that the central station is the real one (see address findings), and allow no one else on this segment.',
    inferred: ['That a genuine central station never writes is inferred from two independent receivers, not stated by the maker.'],
    firstAt: w.firstAt, lastAt: w.lastAt, count: w.count, frames: w.frames, flows: w.flows,
    details: [['sender', w.server], ['connections', String(w.count)]],
  }
}
