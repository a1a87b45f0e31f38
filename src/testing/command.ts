// command: runs ./cordon as a person would, in a process of its own or by its entry in this one, and says what it printed and how it ended.
// Keeps processes for what is about processes (exit codes as the shell sees them, folders, pipes, signals): starting one costs more than most commands.

import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'

export const CORDON = path.join(import.meta.dirname, '..', '..', 'cordon')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly stdin?: Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly command?: string
}

/** Runs to the end. Output is text; nothing is a terminal. */
export async function cordon(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(args, options)
  let [out, err] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.stdin)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, out, err }
}

/**
 * The same command line through the same entry, without a process: what it printed and the code it would have ended with. For commands that
 * end by themselves; their own folder, variables, standard input and signals need a process.
 */
export async function cordonHere(args: readonly string[]): Promise<Ended> {
  const { runCommandLine } = await import('../cli/main.ts')
  let [out, err] = ['', '']
  const code = await runCommandLine([process.execPath, CORDON, ...args], {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    isTty: false, color: false, env: { ...process.env, NO_COLOR: '1' }, signal: new AbortController().signal,
  })
  return { code, out, err }
}

export function start(args: readonly string[], options: RunOptions = {}): ChildProcess {
  return spawn(options.command ?? CORDON, args, { cwd: options.cwd, env: { ...process.env, NO_COLOR: '1', ...options.env } })
}

/** Resolves with all of stdout so far once it matches; rejects when the process ends first. */
export function outputMatching(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let [out, err] = ['', '']
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (pattern.test(out)) resolve(out)
    })
    child.on('close', (code) => reject(new Error(`ended with ${code} before ${pattern}: ${out}${err}`)))
  })
}

export function ended(child: ChildProcess): Promise<number | null> {
  return child.exitCode !== null ? Promise.resolve(child.exitCode) : new Promise((resolve) => child.on('close', resolve))
}

/** A folder that is gone after the test. */
export function scratch(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cordon-test-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}
