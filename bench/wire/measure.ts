// Measuring whole processes: CPU seconds, wall seconds and peak memory as the kernel accounts them to GNU time, and what many runs say.
// Keeps the rule that start-up is inside the figure, and that a run that failed is shown as failed.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** GNU time, not the shell's word: it reports the largest resident size of the process and of what it waited for. */
export const GNU_TIME = '/usr/bin/time'
/** timeout(1)'s own exit code; what died of a signal comes above it, and what could not be started (126, 127) is no run either. */
const TIMED_OUT = 124
const FORMAT = '%U %S %e %M %x'

export interface Run {
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly peakMb: number
  /** -1 when it was killed, for time or otherwise. */
  readonly exitCode: number
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface Row {
  readonly tool: string
  /** What was run, with FILE for the input. */
  readonly command: string
  readonly runs: number
  readonly cpuSeconds: Spread
  readonly wallSeconds: Spread
  readonly peakMb: Spread
  readonly exitCodes: readonly number[]
  /** Packets of the input by the median of CPU seconds. */
  readonly packetsPerCpuSecond: number
  /** Packets of what this tool read; less than the input's where it is too slow for all of it. */
  readonly packets: number
}

/** Runs argv to its end, output thrown away. `timeFile` is where the figures come from; what a crash leaves stays in its folder. */
export function runOnce(argv: readonly string[], timeFile: string, timeoutMs: number): Run {
  fs.rmSync(timeFile, { force: true })
  // timeout(1) under time(1): ended from here, time would die alone and leave the tool running.
  const limited = ['timeout', '-k', '5', String(timeoutMs / 1000), ...argv]
  const { status } = spawnSync(GNU_TIME, ['-q', '-f', FORMAT, '-o', timeFile, ...limited], { stdio: 'ignore', cwd: path.dirname(timeFile) })
  const run = fs.existsSync(timeFile) ? parseTime(fs.readFileSync(timeFile, 'utf8')) : null
  const failed: Run = { cpuSeconds: Number.NaN, wallSeconds: Number.NaN, peakMb: Number.NaN, exitCode: -1 }
  return run === null || status === null ? failed : { ...run, exitCode: status >= TIMED_OUT ? -1 : status }
}

/** The last line of what GNU time wrote, or null. */
export function parseTime(text: string): Run | null {
  const cells = (text.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  if (cells.length !== 5 || cells.some((cell) => !Number.isFinite(cell))) return null
  const [user, system, wall, peakKb, exitCode] = cells as [number, number, number, number, number]
  return { cpuSeconds: user + system, wallSeconds: wall, peakMb: peakKb / 1000, exitCode }
}

/** Of an even number of values, the lower of the two in the middle. NaN for none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  return { median: at(Math.floor((sorted.length - 1) / 2)), min: at(0), max: at(sorted.length - 1) }
}

/** Runs that were killed count for nothing but their exit code. */
export function rowOf(tool: string, command: string, packets: number, all: readonly Run[]): Row {
  const done = all.filter((run) => run.exitCode >= 0)
  const cpuSeconds = spreadOf(done.map((run) => run.cpuSeconds))
  return {
    tool, command, packets, cpuSeconds,
    runs: done.length,
    wallSeconds: spreadOf(done.map((run) => run.wallSeconds)),
    peakMb: spreadOf(done.map((run) => run.peakMb)),
    exitCodes: [...new Set(all.map((run) => run.exitCode))].sort((a, b) => a - b),
    packetsPerCpuSecond: packets / cpuSeconds.median,
  }
}

/** Markdown, ready for docs/performance.md. `ours` is the row that the others are compared with. */
export function tableOf(rows: readonly Row[], ours: Row | null): string {
  const head = ['tool', 'CPU s (min-max)', 'wall s (min-max)', 'peak MB', 'packets per CPU s', 'cordon is', 'exit']
  const lines = rows.map((row) => [
    row.tool, withRange(row.cpuSeconds), withRange(row.wallSeconds), row.runs === 0 ? '-' : row.peakMb.median.toFixed(0),
    Number.isFinite(row.packetsPerCpuSecond) ? Math.round(row.packetsPerCpuSecond).toLocaleString('en') : '-',
    ours === null || row.runs === 0 ? '-' : `${(ours.packetsPerCpuSecond / row.packetsPerCpuSecond).toFixed(3)}x`,
    row.exitCodes.join(' '),
  ])
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function withRange({ median, min, max }: Spread): string {
  return Number.isNaN(median) ? '-' : `${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`
}
