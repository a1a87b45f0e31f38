// Hospital: everything of the hospital's side in one place: what the segment's process says goes to disk, to the way out and to the screen.
// Keeps three rules: readings are durable before they are shown, notes and readings keep their order, and no line of a log has a patient in it.

import { err, ok, type Result } from '../../base/result.ts'
import { formatMicros, type Micros } from '../../base/time.ts'
import type { GatewayConfig } from '../../config/gateway.ts'
import type { FromSegment, SegmentCounts, ToldEvent, ToSegment } from '../channel.ts'
import { INTENDED_USE, type TargetLine } from '../core/beds-frame.ts'
import type { Bed } from '../core/assignment/adt.ts'
import type { LedgerNote } from '../core/assignment/ledger.ts'
import type { Verdict } from '../core/intake/command.ts'
import type { DeviceId } from '../core/intake/reading.ts'
import type { AuditRecord } from '../core/update/audit.ts'
import type { ServerCounts } from '../nfs-server.ts'
import type { AuditFile } from './audit-file.ts'
import { Beds, type SegmentState } from './beds.ts'
import { GrantKeeper } from './grant-keeper.ts'
import { LinkWatch, parseArpTable } from './link-watch.ts'
import { Losses } from './losses.ts'
import type { Notices } from './notices.ts'
import type { AdtPart, GatewayParts, Granting, OwnedReadings, ReadingsRecord, SegmentEar, SegmentPart, Stores } from './parts.ts'
import { clearNotices, countBeds, folderLines, updatesOf, type GatewayStatus } from './status.ts'
import { ToldLog } from './told-log.ts'

/** Messages that wait for the disk: two seconds of a thousand beds. Beyond it the segment holds its monitors back, and nothing is lost. */
export const INBOX_MAX = 10_000
/** Rules of intake that the audit has a line for; the rest is counted on the tile. */
const AUDITED: readonly Verdict['rule'][] = [
  'feed-lost', 'feed-back', 'bed-changed', 'demo-mode', 'not-a-monitor', 'too-fast', 'too-many', 'log-quota', 'field-unknown', 'resync',
]
/** Merges, and movements that are not read (HL7 v2 chapter 3): a number or a bed may be another now. */
const LEFT_TO_A_HAND: readonly string[] = [
  'A06', 'A07', 'A09', 'A10', 'A18', 'A21', 'A22', 'A34', 'A35', 'A36', 'A40', 'A41', 'A42', 'A43', 'A45', 'A47', 'A49', 'A50', 'A51',
]
const SHIFT_MS = 8 * 3600_000
const OTHER_BED = '(a bed that the gateway file does not name)'

type Note = Extract<FromSegment, { kind: 'note' }>['command']

export class Hospital {
  readonly config: GatewayConfig
  readonly beds: Beds
  readonly notices: Notices
  readonly audit: AuditFile
  readonly grants: GrantKeeper
  readonly #parts: GatewayParts
  readonly #kept: Stores
  readonly #told = new ToldLog()
  readonly #links = new LinkWatch()
  readonly #losses: Losses
  #segment: SegmentPart | null = null
  #state: SegmentState
  #starts = 0
  #isStopping = false
  readonly #startedAt: Micros
  readonly #bedOf = new Map<DeviceId, Bed>()
  readonly #unread = new Map<string, Micros>()
  readonly #waiters = new Map<Bed, (note: LedgerNote) => void>()
  #inbox: FromSegment[] = []
  #draining: Promise<void> | null = null
  #served: ServerCounts | null = null
  #counts: SegmentCounts | null = null
  #adt: AdtPart | null = null
  /** The running process has been told all of #told. Until then events wait in that list, from #toldTo on. */
  #isTold = false
  #toldTo = 0
  #isPaused = false

  constructor(config: GatewayConfig, parts: GatewayParts, kept: Stores, notices: Notices, audit: AuditFile) {
    this.config = config
    this.#parts = parts
    this.#kept = kept
    this.#startedAt = parts.clock()
    this.notices = notices
    this.audit = audit
    this.#losses = new Losses(notices, audit)
    this.beds = new Beds(config, { clock: () => parts.clock(), targets: (now) => kept.out.lines(now), notices: () => this.#noticesNow() })
    this.grants = new GrantKeeper(() => parts.loadGrants(parts.clock()), (granting) => this.#onGrants(granting))
    this.#state = { state: 'down', since: this.#startedAt, sandbox: [] }
    for (const { device, bed } of config.beds) this.#tellPlace(device, bed)
    for (const [i, text] of clearNotices(config).entries()) this.notices.set(`clear ${i}`, text)
  }

  /** Resolves when the segment's process is ready, or with the reason why it is not. */
  async start(): Promise<Result<null>> {
    this.audit.write(this.#parts.clock(), 'gateway-started', { name: this.config.name, beds: this.config.beds.length, targets: this.config.targets.length })
    const ear: SegmentEar = {
      onMessage: (message) => this.#receive(message), onStart: () => this.#whatToKnow(), onDown: (why) => this.#onDown(why),
    }
    try {
      this.#segment = await this.#parts.startSegment(this.config, ear)
    } catch (cause) {
      return err(cause instanceof Error ? cause.message : String(cause))
    }
    await this.settled()
    this.#catchUp()
    return ok(null)
  }

  useAdt(adt: AdtPart): void {
    this.#adt = adt
  }

  /** One ADT message of the hospital. Returns when it will be applied, by this process of the segment or the next. */
  takeAdt(bytes: Uint8Array): void {
    this.#tell({ kind: 'adt', bytes, at: this.#parts.clock() })
  }

  /** About once a second. */
  tick(): void {
    this.#kept.out.tick(this.#parts.clock())
    const why = this.#adt?.why() ?? null
    this.notices.set('adt', why === null ? null : `ADT cannot come in: ${why}. Movements of patients are not followed.`)
    const refused = why === null ? this.#adt?.refused() ?? null : null
    this.notices.set('adt-refused', refused === null ? null : `ADT: the last connection was not taken: ${refused}. Movements of patients may be missing.`)
    for (const line of this.#kept.out.lines(this.#parts.clock())) this.#noticeTarget(line)
    const renew = (key: string, what: string, words: readonly string[]): void =>
      this.notices.set(key, words.length === 0 ? null : `${what}: ${words.join('; ')}.`)
    renew('renew adt', 'ADT', this.#adt?.warnings() ?? [])
    for (const [target, words] of this.#kept.out.warnings()) renew(`renew ${target}`, `Target ${target}`, words)
  }

  #noticeTarget({ target, state, why, waiting, refused, given }: TargetLine): void {
    const what = `Target ${target}`
    this.notices.set(`down ${target}`, state === 'down' ? `${what} is down: ${why ?? 'no reason is known'}; ${waiting} messages wait.` : null)
    this.notices.set(`refused ${target}`, refused === 0 ? null : `${what} refused ${refused} messages; they are kept apart.`)
    this.notices.set(`given ${target}`, given === 0 ? null : `${what}: ${given} messages were given up because the queue's disk was full.`)
  }

  /** Every few seconds: the cards behind the monitors' addresses. */
  lookAtLinks(): void {
    const table = this.#parts.arpTable()
    if (table === null) return
    const devices = this.beds.tiles().map((tile) => tile.device)
    const at = this.#parts.clock()
    for (const { device, sight } of this.#links.look(devices, parseArpTable(table), at)) {
      if (sight.rivalMacs.length > 0) this.audit.write(at, 'card-changed', { device, card: sight.mac, before: sight.rivalMacs })
      this.#tell({ kind: 'link', device, sight, at })
    }
  }

  /** A person stood at the bed: the card that is behind the monitor's address now is its own. The answer names it. */
  confirm(device: DeviceId): Result<string> {
    const at = this.#parts.clock()
    const sight = this.#links.confirm(device, at)
    if (sight?.mac === undefined || sight.mac === null) return err('no card was seen behind that address: is the monitor switched on, and on this segment?')
    this.audit.write(at, 'card-confirmed', { device, card: sight.mac })
    this.#tell({ kind: 'link', device, sight, isConfirmed: true, at })
    return ok(sight.mac)
  }

  place(device: DeviceId, bed: Bed | null): Result<null> {
    const other = [...this.#bedOf].find(([id, at]) => at === bed && id !== device)
    if (bed !== null && other !== undefined) return err(`${other[0]} stands at ${bed}; take it away first: cordon gateway place ${other[0]} -`)
    this.#tellPlace(device, bed)
    this.beds.place(device, bed)
    this.audit.write(this.#parts.clock(), 'placed', { device, bed })
    return ok(null)
  }

  /** `patient` null vacates. Resolves with what the ledger says; its words name beds only. */
  async assign(bed: Bed, patient: Extract<ToldEvent, { kind: 'assign' }>['patient']): Promise<Result<string>> {
    const known = [...this.#bedOf.values()]
    if (!known.includes(bed)) return err(`no monitor stands at that bed; beds: ${known.slice(0, 16).join(', ')}${known.length > 16 ? ', ...' : ''}`)
    const at = this.#parts.clock()
    this.audit.write(at, patient === null ? 'vacated' : 'assigned', { bed, by: 'hand' })
    if (!this.#isTold) {
      this.#tell({ kind: 'assign', bed, patient, at })
      return ok('it will hold when the process that faces the monitors runs again')
    }
    const note = new Promise<LedgerNote | null>((resolve) => {
      this.#waiters.set(bed, resolve)
      this.#parts.after(3000, () => resolve(null))
    })
    this.#tell({ kind: 'assign', bed, patient, at })
    const found = await note
    this.#waiters.delete(bed)
    if (found === null) return err('the process that faces the monitors did not say that it was applied; see cordon gateway status')
    return found.kind === 'applied' ? ok(found.why) : err(found.why)
  }

  status(): GatewayStatus {
    const at = this.#parts.clock()
    const isDown = this.#state.state === 'down'
    const why = this.#adt?.why() ?? null
    return {
      schema: 'cordon.gateway-status/1', intendedUse: INTENDED_USE, at, name: this.config.name, startedAt: this.#startedAt,
      segment: { ...this.#state, restarts: Math.max(0, this.#starts - 1), counts: isDown ? null : this.#counts }, beds: countBeds(this.beds.tiles(), isDown),
      targets: this.#kept.out.lines(at),
      adt: { state: this.config.adt === null ? 'none' : why === null ? 'listening' : 'down', why, isProtected: this.config.adt?.protection.kind === 'tls' },
      updates: updatesOf(this.grants.granting, this.#served), kept: [this.#kept.readings.kept(at), this.#kept.out.kept(at), ...folderLines(this.config)],
      notices: this.#noticesNow(),
    }
  }

  /** Orderly: nothing new comes in, what came is durable and on its way, then all is closed. */
  async stop(): Promise<void> {
    await this.#adt?.close()
    this.#isStopping = true
    await this.#segment?.close()
    await this.settled()
    this.#kept.out.tick(this.#parts.clock())
    await this.#kept.out.close()
    await this.#kept.readings.close()
    this.audit.write(this.#parts.clock(), 'gateway-stopped')
    this.audit.close()
  }

  /** When everything received so far has been handled. */
  async settled(): Promise<void> {
    while (this.#draining !== null) await this.#draining
  }

  #noticesNow(): readonly string[] {
    return this.notices.list()
  }

  #tellPlace(device: DeviceId, bed: Bed | null): void {
    if (bed === null) this.#bedOf.delete(device)
    else this.#bedOf.set(device, bed)
    const isPaced = this.config.beds.some((one) => one.bed === bed && one.isPaced)
    this.#tell({ kind: 'place', device, bed, isPaced, at: this.#parts.clock() })
  }

  #tell(event: ToldEvent): void {
    this.#told.push(event)
    if (this.#isTold) this.#segment?.tell({ kind: 'told', event })
    // Nobody can apply it now, and it may be a discharge: no tile keeps showing whose data they were.
    else if (event.kind === 'adt' || event.kind === 'assign') this.beds.forget('a movement was told while the process that faces the monitors is down')
  }

  #onGrants(granting: Granting): void {
    const at = this.#parts.clock()
    const permits = granting.grants.map((g) => g.permitId)
    this.audit.write(at, 'grants', { permits, refused: granting.refused.map(({ id, why }) => `${id}: ${why}`), problem: granting.problem })
    this.notices.set('grants', granting.problem === null ? null : `No update can be served: ${granting.problem}`)
    this.notices.set('granted', permits.length === 0 ? null : `Updates are granted by permit ${permits.join(', ')}.`)
    if (this.#isTold) this.#segment?.tell({ kind: 'grants', grants: granting.grants })
  }

  #receive(message: FromSegment): void {
    this.#inbox.push(message)
    if (this.#inbox.length >= INBOX_MAX) this.#hold(true)
    this.#draining ??= this.#drain()
  }

  /** What comes faster than the disk takes it waits in the monitors, which is told. */
  #hold(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    if (isPaused) this.#segment?.pause()
    else this.#segment?.resume()
    this.notices.set('inbox', isPaused ? 'The disk does not keep up: monitors are held back, and what is shown is late.' : null)
  }

  /** In order: the readings up to the first note are durable before any of it is shown. */
  async #drain(): Promise<void> {
    try {
      while (this.#inbox.length > 0) {
        const batch = this.#inbox
        this.#inbox = []
        const decoded = batch.map((message) => (message.kind === 'readings' ? this.#decode(message.record) : null))
        await this.#keep(batch.flatMap((message, i) => recordOf(message, decoded[i] ?? null)))
        for (const [i, message] of batch.entries()) this.#apply(message, decoded[i] ?? null)
      }
    } finally {
      this.#hold(false)
      this.#draining = null
    }
  }

  #decode(record: Uint8Array): OwnedReadings | null {
    const readings = this.#kept.readings.decode(record)
    if (readings === null) this.notices.set('record', 'A record of the process that faces the monitors is damaged.')
    return readings
  }

  async #keep(records: readonly ReadingsRecord[]): Promise<void> {
    if (records.length === 0) return
    try {
      await this.#kept.readings.append(records)
      this.#losses.stored(this.#parts.clock())
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
      this.#losses.notStored(records.length, code, this.#parts.clock())
    }
  }

  #apply(message: FromSegment, readings: OwnedReadings | null): void {
    switch (message.kind) {
      case 'ready':
        this.#onReady(message)
        break
      case 'readings':
        if (readings === null) break
        this.beds.takeReadings(readings)
        this.#kept.out.take(readings)
        break
      case 'note':
        this.#onNote(message.command)
        break
      case 'audit':
        this.#onUpdate(message.record)
        break
      case 'beds':
        this.#served = message.updates
        this.#counts = message.segment
        this.beds.takeViews(message.views)
    }
  }

  /** Everything that decides whose data these are, before the first monitor is heard. */
  #whatToKnow(): readonly ToSegment[] {
    this.#toldTo = this.#told.end
    return [...this.#told.since(0).map((event) => ({ kind: 'told', event }) as const), this.#grantsNow()]
  }

  #grantsNow(): ToSegment {
    return { kind: 'grants', grants: this.grants.granting.grants }
  }

  #onReady({ at, sandbox, missing }: Extract<FromSegment, { kind: 'ready' }>): void {
    this.#starts += 1
    if (this.#starts > 1) this.beds.forget('nothing was heard of this bed since the process that faces the monitors started anew')
    this.#state = { state: 'running', since: at, sandbox: [...sandbox, ...missing.map(({ what, why }) => `MISSING: ${what} (${why})`)] }
    this.#catchUp()
    this.beds.segment(this.#state)
    this.notices.set('segment', null)
    const vital = missing.filter((hold) => hold.isVital).map((hold) => hold.what)
    this.notices.set('sandbox', vital.length === 0 ? null : `The process that faces the monitors is not closed in: ${vital.join(', ')} is missing.`)
    this.audit.write(at, 'segment-ready', { sandbox: this.#state.sandbox, starts: this.#starts })
  }

  /** What came after the process asked and before it could be told. At the first start that is when the start has come back to us. */
  #catchUp(): void {
    if (this.#segment === null || this.#state.state === 'down') return
    for (const event of this.#told.since(this.#toldTo)) this.#segment.tell({ kind: 'told', event })
    this.#toldTo = this.#told.end
    this.#segment.tell(this.#grantsNow())
    this.#isTold = true
  }

  #onDown(why: string): void {
    this.#isTold = false
    this.#counts = null
    this.#state = { state: 'down', since: this.#parts.clock(), sandbox: [] }
    this.beds.segment(this.#state)
    this.audit.write(this.#parts.clock(), 'segment-down', { why })
    if (!this.#isStopping) this.#losses.segmentDown(this.#parts.clock())
    if (!this.#isStopping) this.notices.set('segment', `The process that faces the monitors is DOWN (${why}): no monitor is heard. It is started again.`)
  }

  #onNote(command: Note): void {
    this.beds.takeNote(command)
    const { at, device } = command
    if (command.kind === 'log') this.#onLog(at, device, command.verdict)
    else if (command.kind === 'data-check') {
      const { word, reasons } = command.verdict
      this.audit.write(at, 'data-check', { device, word, checks: reasons.map((evidence) => evidence.check) })
    } else {
      const { assignment } = command
      const why = assignment.state === 'assigned' ? assignment.by : assignment.why
      this.audit.write(at, 'assignment', { device, bed: this.#bedOf.get(command.device) ?? null, state: assignment.state, why })
    }
  }

  #onLog(at: Micros, device: DeviceId | null, verdict: Verdict | LedgerNote): void {
    if ('kind' in verdict) return this.#onLedger(at, verdict)
    // Of a message of the hospital only that it was refused: its own words could be anybody's.
    const why = device === null ? 'an ADT message could not be used' : verdict.why
    if (device === null) this.#noticeUnread(at, /^ADT\^(A\d\d) moves nobody/.exec(verdict.why)?.[1] ?? '')
    if (device === null || verdict.action === 'close' || AUDITED.includes(verdict.rule)) this.audit.write(at, 'intake', { device, rule: verdict.rule, why })
  }

  /** Told for a shift: longer, a ward would read past it. */
  #noticeUnread(at: Micros, trigger: string): void {
    if (!LEFT_TO_A_HAND.includes(trigger)) return
    const when = `${formatMicros(at).slice(11, 16)} UTC`
    const what = `ADT ${trigger} came at ${when} and is not followed (a merge, or a movement)`
    this.notices.set(`adt ${trigger}`, `${what}: look whether each bed still has its patient.`)
    this.#unread.set(trigger, at)
    this.#parts.after(SHIFT_MS, () => {
      if (this.#unread.get(trigger) === at) this.notices.set(`adt ${trigger}`, null)
    })
  }

  #onLedger(at: Micros, note: LedgerNote): void {
    const known = new Set(this.#bedOf.values())
    const beds = note.beds.map((bed) => (known.has(bed) ? bed : OTHER_BED))
    this.audit.write(at, `movement-${note.kind}`, { beds, why: note.why })
    for (const bed of note.beds) {
      if (!known.has(bed)) continue
      this.notices.set(`bed ${bed}`, note.kind === 'flag' ? `Bed ${bed} needs a decision: ${note.why}` : null)
      this.#waiters.get(bed)?.(note)
    }
  }

  #onUpdate(record: AuditRecord): void {
    this.#losses.update(record)
    const { at, kind, severity, ip, deviceId, permitId, releaseId, path, reason, sentBytes, sizeBytes, repeats } = record
    this.audit.write(at, `update-${kind}`, { severity, ip, deviceId, permitId, releaseId, path, reason, sentBytes, sizeBytes, repeats })
    if (severity === 'alarm') {
      const copied = `${path ?? 'a file'}, ${sentBytes ?? 0} of ${sizeBytes ?? 0} bytes`
      this.notices.set(`update ${ip} ${path ?? ''}`, `The monitor at ${ip} may hold HALF A PROGRAM: ${copied}. Do not restart it.`)
    } else if (kind === 'file-complete') this.notices.set(`update ${ip} ${path ?? ''}`, null)
  }
}

function recordOf(message: FromSegment, readings: OwnedReadings | null): ReadingsRecord[] {
  return message.kind === 'readings' && readings !== null ? [{ device: readings.device, at: readings.at, bytes: message.record }] : []
}

export const TICK_MS = 1000
export const LINKS_MS = 5000
/** Grants are looked at this often: what a revocation waits for at most. */
export const GRANTS_MS = 1000
