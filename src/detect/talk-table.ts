// TalkTable: the rows of Talks as columns of numbers, found by number. A row is 200 bytes, and no object until somebody looks at it.
// Keeps the rule that its rows are those of a plain map by text (talk-table.test.ts), in order of first end.

import { ipAt, type Ip } from '../base/ip.ts'
import { longerNumbers, longerWords } from '../base/longer.ts'
import type { MacNumber } from '../base/mac.ts'
import { mix, mixed, mixText } from '../base/mix.ts'
import type { Micros } from '../base/time.ts'
import type { FlowSum } from '../wire/flow-sum.ts'
import { IpProto } from '../wire/frame.ts'
import type { FlowMark } from './flow-mark.ts'
import type { Talk } from './talks.ts'

const FRAMES_MAX = 20
const EVIDENCE_MAX = 10
/** Small captures stay small; the columns double from here. A power of two. */
const ROWS_AT_START = 256

/** Columns of 32 bits. The first group is the key, beside the card and the protocol; `addresses` are the initiator's words, then the responder's. */
const Word = {
  addresses: 0, version: 8, vlan: 9, proto: 10, port: 11, hash: 12, toGroup: 13, srcPort: 14, dstPort: 15,
  flows: 16, unanswered: 17, refused: 18, answered: 19, oneSided: 20,
} as const
const WORDS = 21
const ADDRESS_WORDS = 4

/** Columns beyond 32 bits. */
const Wide = { nextHop: 0, packets: 1, packetsBack: 2, bytes: 3, bytesBack: 4, firstAt: 5, lastAt: 6, firstFrame: 7, flowId: 8 } as const
const WIDES = 9

/** Flow id, source port, destination port. */
const EVIDENCE_PARTS = 3

/** A list that is never changed, only replaced: copies of the table may share it. */
type Few = readonly number[] | null

/** Rows in order of first end, as columns. */
export interface TalkRows {
  readonly size: number
  readonly words: Int32Array<ArrayBuffer>
  readonly wides: Float64Array<ArrayBuffer>
  readonly protocol: readonly (string | null)[]
  readonly frames: readonly Few[]
  readonly evidence: readonly Few[]
}

export class TalkTable {
  readonly #rowsMax: number
  /** Mixed into every hash, so that a sender who does not know it cannot aim rows at one place. */
  readonly #seed: number
  #size = 0
  #capacity = ROWS_AT_START
  #words = new Int32Array(ROWS_AT_START * WORDS)
  #wides = new Float64Array(ROWS_AT_START * WIDES)
  #protocol: (string | null)[] = []
  /** First frames of the row's flows, ascending, where there are more than `firstFrame`. */
  #frames: Few[] = []
  /** Flow id, source port and destination port of the evidence after the first. */
  #evidence: Few[] = []
  /** Row + 1, or 0 for empty; twice the rows, so that a probe run stays short. */
  #places = new Int32Array(ROWS_AT_START * 2)

  constructor(rowsMax: number, seed: number) {
    this.#rowsMax = rowsMax
    this.#seed = seed | 0
  }

  get size(): number {
    return this.#size
  }

  /** The same rows again, which go their own way from here. */
  clone(): TalkTable {
    const copy = new TalkTable(this.#rowsMax, this.#seed)
    copy.#size = this.#size
    copy.#capacity = this.#capacity
    copy.#words = this.#words.slice()
    copy.#wides = this.#wides.slice()
    copy.#protocol = this.#protocol.slice()
    copy.#frames = this.#frames.slice()
    copy.#evidence = this.#evidence.slice()
    copy.#places = this.#places.slice()
    return copy
  }

  /** The rows as plain data that can be copied between threads. */
  parts(): TalkRows {
    return {
      size: this.#size, words: this.#words.slice(0, this.#size * WORDS), wides: this.#wides.slice(0, this.#size * WIDES),
      protocol: this.#protocol, frames: this.#frames, evidence: this.#evidence,
    }
  }

  /** A table to be read, of the rows of another; `idOf` gives flows the ids they are to have. */
  static ofParts(rows: TalkRows, idOf: (own: number) => number): TalkTable {
    const table = new TalkTable(rows.size, 0)
    table.#size = rows.size
    table.#words = rows.words
    table.#wides = rows.wides
    table.#protocol = [...rows.protocol]
    table.#frames = [...rows.frames]
    table.#evidence = rows.evidence.map((few) => few && few.map((value, i) => (i % EVIDENCE_PARTS === 0 ? idOf(value) : value)))
    for (let row = 0; row < rows.size; row++) {
      const id = row * WIDES + Wide.flowId
      table.#wides[id] = idOf(table.#wides[id] as number)
    }
    return table
  }

  /** Adds a flow to its row; false when it has none and the table is full. */
  add(flow: FlowSum): boolean {
    const port = servicePort(flow)
    const hash = this.#hash(flow, port)
    let row = this.#find(hash, flow, port)
    if (row < 0) {
      if (this.#size >= this.#rowsMax) return false
      row = this.#open(hash, flow, port)
    }
    this.#count(row, flow)
    this.#keep(row, flow)
    return true
  }

  /** All rows, by the first frame of each. */
  talks(): Talk[] {
    return this.inOrder().map((row) => this.talk(row))
  }

  talk(row: number): Talk {
    return new Row(this, row)
  }

  /** Row numbers in order of `firstFrame`; equal ones, as a packet and the one around it have, as they came. */
  inOrder(): number[] {
    const rows = Array.from({ length: this.#size }, (_, row) => row)
    return rows.sort((a, b) => this.firstFrame(a) - this.firstFrame(b))
  }

  firstFrame(row: number): number {
    return this.wide(row, Wide.firstFrame)
  }

  /** Id of the first of its flows that ended. */
  firstFlow(row: number): number {
    return this.wide(row, Wide.flowId)
  }

  word(row: number, column: number): number {
    return this.#words[row * WORDS + column] as number
  }

  wide(row: number, column: number): number {
    return this.#wides[row * WIDES + column] as number
  }

  src(row: number): Ip {
    return ipAt(this.#words, row * WORDS + Word.addresses, this.word(row, Word.version))
  }

  dst(row: number): Ip {
    return ipAt(this.#words, row * WORDS + Word.addresses + ADDRESS_WORDS, this.word(row, Word.version))
  }

  protocol(row: number): string | null {
    return this.#protocol[row] as string | null
  }

  frames(row: number): readonly number[] {
    return this.#frames[row] ?? [this.wide(row, Wide.firstFrame)]
  }

  evidence(row: number): FlowMark[] {
    const first = [this.wide(row, Wide.flowId), this.word(row, Word.srcPort), this.word(row, Word.dstPort)]
    const all = [...first, ...(this.#evidence[row] ?? [])]
    const marks: FlowMark[] = []
    for (let i = 0; i < all.length; i += first.length) {
      marks.push({
        flowId: all[i] as number, src: this.src(row), srcPort: all[i + 1] as number, dst: this.dst(row), dstPort: all[i + 2] as number,
        proto: this.word(row, Word.proto), vlan: this.word(row, Word.vlan),
      })
    }
    return marks
  }

  #hash(flow: FlowSum, port: number): number {
    let hash = mix(this.#seed, (port << 8) | flow.proto)
    // The upper words of IPv4 addresses are zero.
    for (let i = flow.ipVersion === 4 ? ADDRESS_WORDS - 1 : 0; i < 2 * ADDRESS_WORDS; i++) hash = mix(hash, flow.addresses[i] as number)
    hash = mix(mix(mix(hash, flow.vlan), Math.floor(flow.dstMac / 2 ** 24)), flow.dstMac % 2 ** 24)
    return mixed(flow.protocol === null ? hash : mixText(hash, flow.protocol))
  }

  #find(hash: number, flow: FlowSum, port: number): number {
    const mask = this.#places.length - 1
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const row = (this.#places[place] as number) - 1
      if (row < 0 || (this.word(row, Word.hash) === hash && this.#isRowOf(row, flow, port))) return row
    }
  }

  #isRowOf(row: number, flow: FlowSum, port: number): boolean {
    const isService = this.word(row, Word.port) === port && this.word(row, Word.proto) === flow.proto && this.word(row, Word.vlan) === flow.vlan
    if (!isService || this.wide(row, Wide.nextHop) !== flow.dstMac || this.#protocol[row] !== flow.protocol) return false
    if (this.word(row, Word.version) !== flow.ipVersion) return false
    for (let i = 2 * ADDRESS_WORDS - 1; i >= 0; i--) if (this.#words[row * WORDS + Word.addresses + i] !== flow.addresses[i]) return false
    return true
  }

  #open(hash: number, flow: FlowSum, port: number): number {
    const row = this.#size++
    if (row >= this.#capacity) this.#grow()
    const [words, wides] = [this.#words, this.#wides]
    const [word, wide] = [row * WORDS, row * WIDES]
    words.set(flow.addresses, word + Word.addresses)
    words[word + Word.version] = flow.ipVersion
    words[word + Word.vlan] = flow.vlan
    words[word + Word.proto] = flow.proto
    words[word + Word.port] = port
    words[word + Word.hash] = hash
    words[word + Word.toGroup] = flow.srcMac >= 0 && flow.dstMac < 0 ? 1 : 0
    wides[wide + Wide.nextHop] = flow.dstMac
    wides[wide + Wide.firstAt] = flow.firstAt
    wides[wide + Wide.lastAt] = flow.lastAt
    this.#protocol.push(flow.protocol)
    this.#frames.push(null)
    this.#evidence.push(null)
    this.#place(row, hash)
    return row
  }

  #grow(): void {
    const full = this.#capacity
    this.#capacity *= 2
    this.#words = longerWords(this.#words, this.#capacity * WORDS)
    this.#wides = longerNumbers(this.#wides, this.#capacity * WIDES)
    this.#places = new Int32Array(this.#capacity * 2)
    for (let row = 0; row < full; row++) this.#place(row, this.word(row, Word.hash))
  }

  #place(row: number, hash: number): void {
    const mask = this.#places.length - 1
    let place = hash & mask
    while (this.#places[place] !== 0) place = (place + 1) & mask
    this.#places[place] = row + 1
  }

  #count(row: number, flow: FlowSum): void {
    const [words, wides] = [this.#words, this.#wides]
    const [word, wide] = [row * WORDS, row * WIDES]
    const { state } = flow
    const isOneSided = hasOneSide(flow)
    words[word + Word.flows]!++
    if (state === 'attempt' && !isOneSided) words[word + Word.unanswered]!++
    if (state === 'refused') words[word + Word.refused]!++
    else if (flow.packetsBack > 0) words[word + Word.answered]!++
    if (isOneSided) words[word + Word.oneSided]!++
    wides[wide + Wide.packets]! += flow.packetsOut
    wides[wide + Wide.packetsBack]! += flow.packetsBack
    wides[wide + Wide.bytes]! += flow.bytesOut
    wides[wide + Wide.bytesBack]! += flow.bytesBack
    if (flow.firstAt < wides[wide + Wide.firstAt]!) wides[wide + Wide.firstAt] = flow.firstAt
    if (flow.lastAt > wides[wide + Wide.lastAt]!) wides[wide + Wide.lastAt] = flow.lastAt
  }

  /** The smallest frame numbers, ascending, for flows end in another order than they begin; and the first flows that ended. */
  #keep(row: number, flow: FlowSum): void {
    const [word, wide] = [row * WORDS, row * WIDES]
    if (this.#words[word + Word.flows] === 1) {
      this.#wides[wide + Wide.firstFrame] = flow.firstFrame
      this.#wides[wide + Wide.flowId] = flow.id
      this.#words[word + Word.srcPort] = flow.srcPort
      this.#words[word + Word.dstPort] = flow.dstPort
      return
    }
    this.#frames[row] = withFrame(this.frames(row), flow.firstFrame)
    if (flow.firstFrame < this.wide(row, Wide.firstFrame)) this.#wides[wide + Wide.firstFrame] = flow.firstFrame
    const more = this.#evidence[row] ?? null
    const { id, srcPort, dstPort } = flow
    // Exactly as long: a list that grows by itself has room for seventeen, and there may be as many as rows.
    if (more === null) this.#evidence[row] = [id, srcPort, dstPort]
    else if (more.length < (EVIDENCE_MAX - 1) * EVIDENCE_PARTS) this.#evidence[row] = more.concat(id, srcPort, dstPort)
  }
}

/** One row as a Talk: it reads the table when asked. */
class Row implements Talk {
  readonly #table: TalkTable
  readonly #row: number
  #src: Ip | null = null
  #dst: Ip | null = null

  constructor(table: TalkTable, row: number) {
    this.#table = table
    this.#row = row
  }

  get vlan(): number { return this.#table.word(this.#row, Word.vlan) }
  get src(): Ip { return (this.#src ??= this.#table.src(this.#row)) }
  get dst(): Ip { return (this.#dst ??= this.#table.dst(this.#row)) }
  get proto(): number { return this.#table.word(this.#row, Word.proto) }
  get port(): number { return this.#table.word(this.#row, Word.port) }
  get nextHop(): MacNumber { return this.#table.wide(this.#row, Wide.nextHop) }
  get toGroup(): boolean { return this.#table.word(this.#row, Word.toGroup) === 1 }
  get protocol(): string | null { return this.#table.protocol(this.#row) }
  get flows(): number { return this.#table.word(this.#row, Word.flows) }
  get unanswered(): number { return this.#table.word(this.#row, Word.unanswered) }
  get refused(): number { return this.#table.word(this.#row, Word.refused) }
  get answered(): number { return this.#table.word(this.#row, Word.answered) }
  get oneSided(): number { return this.#table.word(this.#row, Word.oneSided) }
  get packets(): number { return this.#table.wide(this.#row, Wide.packets) }
  get packetsBack(): number { return this.#table.wide(this.#row, Wide.packetsBack) }
  get bytes(): number { return this.#table.wide(this.#row, Wide.bytes) }
  get bytesBack(): number { return this.#table.wide(this.#row, Wide.bytesBack) }
  get firstAt(): Micros { return this.#table.wide(this.#row, Wide.firstAt) }
  get lastAt(): Micros { return this.#table.wide(this.#row, Wide.lastAt) }
  get frames(): readonly number[] { return this.#table.frames(this.#row) }
  get evidence(): readonly FlowMark[] { return this.#table.evidence(this.#row) }
}

/** `frames` with one more, ascending and at most FRAMES_MAX; the same list when it would fall off the end. */
function withFrame(frames: readonly number[], frame: number): readonly number[] {
  if (frames.length >= FRAMES_MAX && frame >= (frames[FRAMES_MAX - 1] as number)) return frames
  let at = frames.length
  while (at > 0 && (frames[at - 1] as number) > frame) at--
  return [...frames.slice(0, at), frame, ...frames.slice(at)].slice(0, FRAMES_MAX)
}

/** Payload beyond a SYN's needs a completed handshake (RFC 9293 section 3.5); a mirror of one direction does not show it. */
function hasOneSide(flow: FlowSum): boolean {
  return flow.proto === IpProto.tcp && flow.packetsBack === 0 && flow.state !== 'attempt' && flow.payloadOut > 0
}

/** Responder port; ICMP type for ICMP; 0 without ports. */
function servicePort(flow: FlowSum): number {
  return flow.proto === IpProto.icmp || flow.proto === IpProto.icmp6 ? flow.srcPort : flow.dstPort
}
