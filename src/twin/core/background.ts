// Background: what else happens in a ward: a nurse's PC, a printer, an ultrasound. Controls that must raise no finding.
// Keeps the rule that a sensor is judged on innocent traffic too, some of it on port 515.

import type { Ip } from '../../base/ip.ts'
import { randomInt, type Rng } from '../../base/rng.ts'
import { MICROS_PER_SECOND, type Micros } from '../../base/time.ts'
import { assert } from '../../base/assert.ts'
import { dnsQuery, dnsReply, encodeDns } from '../../protocols/dns/message.ts'
import type { Cast } from './cast.ts'
import { streamRng } from './chance.ts'
import { associateAccept, associateRequest, echoRequest, echoResponse, releaseReply, releaseRequest, type AeTitles } from './dicom.ts'
import { getLease } from './lease.ts'
import { fillerPage, lpdSteps, LPD_ACKNOWLEDGE } from './lpd.ts'
import { arpQuestion } from './neighbours.ts'
import type { WardOptions } from './options.ts'
import type { WardFrame } from './packets.ts'
import { local, type Places } from './places.ts'
import type { FrameStream } from './scheduler.ts'
import { TcpTalk, type Standpoint } from './tcp-talk.ts'
import { applicationData, tlsOpening } from './tls.ts'
import { UdpLine } from './udp-line.ts'

const DNS_PORT = 53
const HTTPS_PORT = 443
const DICOM_PORT = 104
const LPD_PORT = 515
const TYPE_A = 1
const INTRANET_NAME = 'intranet.hospital.example'
const TITLES: AeTitles = { called: 'PACS', calling: 'ULTRASOUND1' }
/** RFC 6335 section 6: dynamic ports. */
const EPHEMERAL_PORT = 49_152
const PORTS_ROUND = 16_384
/** RFC 1179 section 3.1: the source port of a print client is 721 to 731; taken in turn, so that no connection is used twice. */
const LPD_CLIENT_PORT = 721
const LPD_CLIENT_PORTS = 11
/** What a Windows PC says of itself and asks for. */
const PC_VENDOR_CLASS = 'MSFT 5.0'
const PC_ASKS_FOR = [1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252] as const
const LEASE_MICROS = 300_000
/** From what one side gets to what it says next. */
const THINK_MICROS = 1_500
/** A page of the intranet, and the certificate before it; made up. */
const PAGE_BYTES: readonly [number, number] = [2_000, 12_000]
const CERTIFICATE_BYTES = 2_400

/** First time and period of each habit, seconds: all of them happen within the default two minutes. */
const HABITS = { browse: [4, 5], print: [12, 60], echo: [8, 60] } as const

/** One stream per habit of the hospital LAN. */
export function backgroundStreams(options: WardOptions, cast: Cast, places: Places): FrameStream[] {
  const make = (name: string): Habit => {
    const rng = streamRng(options.seed, name)
    return { cast, places, rng, ports: new ClientPorts(rng), startAt: options.startAt }
  }
  return [browse(make('browse')), print(make('print')), echo(make('echo'))]
}

/** Client ports are taken in turn, as Windows does: none is used twice within a capture. */
class ClientPorts {
  #next: number

  constructor(rng: Rng) {
    this.#next = randomInt(rng, 0, PORTS_ROUND - 1)
  }

  take(): number {
    this.#next = (this.#next + 1) % PORTS_ROUND
    return EPHEMERAL_PORT + this.#next
  }
}

interface Habit {
  readonly cast: Cast
  readonly places: Places
  readonly rng: Rng
  readonly ports: ClientPorts
  readonly startAt: Micros
}

function* moments({ startAt, rng }: Habit, [first, period]: readonly [number, number]): Generator<Micros, void, undefined> {
  for (let turn = 0; ; turn++) yield startAt + (first + turn * period) * MICROS_PER_SECOND + randomInt(rng, 0, MICROS_PER_SECOND)
}

/** The PC gets its address, finds its name server and gateway, and then reads the intranet every now and then. */
function* browse(habit: Habit): Generator<WardFrame, void, undefined> {
  const { cast, rng, startAt } = habit
  const wish = { hostName: cast.nursePc.label, vendorClass: PC_VENDOR_CLASS, asksFor: PC_ASKS_FOR }
  let at = yield* getLease({ client: cast.nursePc, ...wish, server: cast.nameServer, router: cast.gateway.ip, rng }, startAt + LEASE_MICROS)
  at = yield* arpQuestion(cast.nursePc, cast.nameServer, at + THINK_MICROS)
  yield* arpQuestion(cast.nursePc, cast.gateway, at + THINK_MICROS)
  for (const moment of moments(habit, HABITS.browse)) {
    const known = yield* resolve(habit, INTRANET_NAME, cast.intranet.ip, moment)
    yield* readPage(habit, known + THINK_MICROS)
  }
}

function* resolve({ cast, rng, ports }: Habit, name: string, answer: Ip, at: Micros): Generator<WardFrame, Micros, undefined> {
  const query = dnsQuery(randomInt(rng, 0, 0xffff), name, TYPE_A)
  const [asked, answered] = [encodeDns(query), encodeDns(dnsReply(query, [answer]))]
  assert(asked !== null && answered !== null, 'our own names fit DNS')
  const [client, server] = [local(cast.nursePc), local(cast.nameServer)]
  const line = new UdpLine({ client, clientPort: ports.take(), server, serverPort: DNS_PORT }, rng)
  yield* line.ask(asked, answered, at)
  return line.freeAt
}

function* readPage({ cast, places, rng, ports }: Habit, at: Micros): Generator<WardFrame, void, undefined> {
  const opening = tlsOpening(rng, INTRANET_NAME, CERTIFICATE_BYTES)
  yield* dialogue(newTalk(rng, local(cast.nursePc), ports.take(), places.intranet, HTTPS_PORT), at, [
    [0, opening.clientHello],
    [1, opening.serverFlight],
    [0, opening.clientFinished],
    [0, applicationData(rng, 420)],
    [1, applicationData(rng, randomInt(rng, ...PAGE_BYTES))],
  ])
}

/** The PC prints on the ward's printer: LPD on 515, the port the monitors use for something else. */
function* print(habit: Habit): Generator<WardFrame, void, undefined> {
  const { cast, rng } = habit
  let number = 0
  for (const moment of moments(habit, HABITS.print)) {
    const at = yield* arpQuestion(cast.nursePc, cast.printer, moment)
    const port = LPD_CLIENT_PORT + (number % LPD_CLIENT_PORTS)
    number = (number + 1) % 1000
    const steps = lpdSteps({ queue: 'ward4', host: cast.nursePc.label, user: 'ward4', number, page: fillerPage(randomInt(rng, 20, 60)) })
    const talk = newTalk(rng, local(cast.nursePc), port, local(cast.printer), LPD_PORT)
    yield* dialogue(talk, at + THINK_MICROS, steps.flatMap((step): Utterance[] => [[0, step], [1, LPD_ACKNOWLEDGE]]))
  }
}

/** The ultrasound asks the archive whether it is there. */
function* echo(habit: Habit): Generator<WardFrame, void, undefined> {
  const { cast, places, rng, ports, startAt } = habit
  yield* arpQuestion(cast.modality, cast.gateway, startAt + 900_000)
  let messageId = 1
  for (const moment of moments(habit, HABITS.echo)) {
    yield* dialogue(newTalk(rng, local(cast.modality), ports.take(), places.pacs, DICOM_PORT), moment, [
      [0, associateRequest(TITLES)],
      [1, associateAccept(TITLES)],
      [0, echoRequest(messageId)],
      [1, echoResponse(messageId)],
      [0, releaseRequest()],
      [1, releaseReply()],
    ])
    messageId = (messageId % 0xffff) + 1
  }
}

type Utterance = readonly [side: 0 | 1, bytes: Uint8Array]

function newTalk(rng: Rng, client: Standpoint, clientPort: number, server: Standpoint, port: number): TcpTalk {
  return new TcpTalk({ client: { ...client, port: clientPort }, server: { ...server, port }, rng })
}

/** Opens, says every line in turn, closes from the client. */
function* dialogue(talk: TcpTalk, at: Micros, lines: readonly Utterance[]): Generator<WardFrame, void, undefined> {
  yield* talk.open(at)
  for (const [side, bytes] of lines) yield* talk.send(side, bytes, talk.freeAt + THINK_MICROS)
  yield* talk.close(0, talk.freeAt + THINK_MICROS)
}
