// Tests of docs/gateway.md and the README: intended use first, and every limit, check and bound as the code has it.
// Keeps the page from drifting: what it states about the core is compared with the core.

import { equal, match, ok } from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { PATIENTS_MAX } from './core/assignment/stays.ts'
import { ADT_EVENTS } from './core/assignment/adt.ts'
import { CHECKS } from './core/checks/evidence.ts'
import { FRESHNESS } from './core/freshness/limits.ts'
import * as bounds from './core/intake/bounds.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')
const page = fs.readFileSync(path.join(ROOT, 'docs', 'gateway.md'), 'utf8')
const readme = fs.readFileSync(path.join(import.meta.dirname, 'README.md'), 'utf8')

test('the intended use is the first thing on both pages', () => {
  const use = 'Transfer, storage, conversion, display. Not active patient monitoring: no clinical alarm, no limit changed, nothing ever written to a monitor. '
    + 'The bedside monitor is the truth.'
  for (const text of [page, readme]) {
    const first = text.split('\n\n')[1]?.replaceAll('\n', ' ') ?? ''
    equal(first, `**Intended use.** ${use}`)
  }
})

test('every check stands on the page with its power and threshold', () => {
  for (const [id, { power, threshold, isInferred }] of Object.entries(CHECKS)) {
    ok(page.includes(`| ${id}${isInferred ? ' (inferred)' : ''} | ${power} | ${threshold.replaceAll('|', '\\|')} |`), id)
  }
})

test('the freshness table is that of the code', () => {
  const s = (micros: number): string => `${micros / 1e6} s`
  const { stream, temperature, nibp, wave, linkSilentMicros } = FRESHNESS
  ok(page.includes(`| HR, PR, RR, SpO2, ST | ${s(stream.staleMicros)} | ${s(stream.goneMicros)} |`))
  ok(page.includes(`| temperatures | ${s(temperature.staleMicros)} | ${s(temperature.goneMicros)} |`))
  ok(page.includes(`(${nibp.staleMicros / 60e6} min) | ${nibp.goneMicros / 3600e6} h,`))
  ok(page.includes(`| waveforms | hole from ${s(wave.staleMicros)} | ${s(wave.goneMicros)} |`))
  ok(page.includes(`| feed of a device | event at ${s(bounds.FEED_SILENT_MICROS)} | event at ${s(bounds.FEED_LOST_MICROS)} |`))
  ok(page.includes(`| ${s(linkSilentMicros)}: STATION OFFLINE`))
})

test('the bounds are those of the code', () => {
  const n = (value: number): string => value.toLocaleString('en-US')
  match(page, new RegExp(`bytes without one frame \\| ${n(bounds.FRAMELESS_CMS_BYTES_MAX)} \\(CMS\\), ${bounds.FRAMELESS_HL7_BYTES_MAX / 1024} KiB`))
  ok(page.includes(`| ${bounds.BYTES_PER_SECOND_MAX / 1024} KiB over ten seconds |`))
  ok(page.includes(`| log lines a minute and connection | ${bounds.LOGS_PER_MINUTE_MAX} |`))
  ok(page.includes(`| names of unknown kinds | ${bounds.UNKNOWN_KINDS_MAX} |`))
  const message = `${bounds.MONITOR_MESSAGE_BYTES_MAX / 1024} KiB, ${n(bounds.MESSAGE_SEGMENTS_MAX)} segments, ${bounds.SEGMENT_FIELDS_MAX} fields`
  ok(page.includes(`| HL7 message | ${message} |`))
  ok(page.includes(`| patients remembered | ${n(PATIENTS_MAX)} |`))
})

test('the ADT events read are listed', () => {
  ok(page.replaceAll('\n', ' ').includes(Object.keys(ADT_EVENTS).join(', ')))
})
