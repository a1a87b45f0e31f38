// https-fetcher: gives the TUF client a repository that stands at an https address, and keeps each file that came whole in a folder of our own.
// Keeps the rules: https only, no redirect, no proxy, no switched-off check of certificates, and every length and time limited while it runs.

import fs from 'node:fs'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import path from 'node:path'
import type { BaseFetcher } from 'tuf-js'
import { DownloadHTTPError, DownloadLengthMismatchError } from 'tuf-js/dist/error.js'
import { err, ok, type Result } from '../base/result.ts'
import { makeFolder } from '../store/make-folder.ts'
import { pathOfUrl } from './local-fetcher.ts'
import { REPOSITORY_BYTES_MAX, REPOSITORY_FILES_MAX, TARGET_BYTES_MAX } from './repository-copy.ts'

export interface HttpsLimits {
  /** Nothing at all from the other side for this long: it is gone. */
  readonly idleMs: number
  /** A file may take this long, and one second more for each `bytesPerSecondMin` it may hold: a server that drips is given up. */
  readonly fileMs: number
  readonly bytesPerSecondMin: number
  /** All files together. */
  readonly totalMs: number
  readonly bytesMax: number
  readonly filesMax: number
}

/** 16 KiB/s is a slow line; a repository of 1 GiB at 5 Mbit/s takes half an hour. */
export const HTTPS_LIMITS: HttpsLimits = {
  idleMs: 20_000, fileMs: 30_000, bytesPerSecondMin: 16 * 1024, totalMs: 60 * 60_000, bytesMax: REPOSITORY_BYTES_MAX, filesMax: REPOSITORY_FILES_MAX,
}

const NOT_FOUND = 404
/** Stores that may not list their content say 403 of what is not there; the client takes both as the end of the roots. */
const ABSENT = new Set([NOT_FOUND, 403])
/** Without it there is no repository at that address. */
const FIRST_FILE = 'metadata/timestamp.json'

/** The address of a repository as the operator wrote it, with a slash at its end; or what is wrong with it. */
export function repositoryUrl(text: string): Result<URL> {
  if (!URL.canParse(text)) return err('is no address')
  const url = new URL(text)
  if (url.protocol !== 'https:') return err(`begins with ${url.protocol}//; only https:// is taken`)
  if (url.username !== '' || url.password !== '') return err('holds a name or password; secrets do not belong into an address')
  if (url.search !== '' || url.hash !== '') return err('has a ? or # part; name the folder that holds metadata and targets')
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return ok(url)
}

export interface HttpsOrigin {
  readonly url: URL
  /** Certificate authorities in PEM in place of the system's; null: the system's. */
  readonly ca: string | null
  readonly limits: HttpsLimits
}

type Download = BaseFetcher['downloadFile']

/** One import's fetcher. A file is asked for once; what came whole lies in `folder` and is given again from there. */
export class HttpsFetcher {
  readonly #origin: HttpsOrigin
  readonly #folder: string
  readonly #agent: https.Agent
  readonly #absent = new Set<string>()
  readonly #end: AbortSignal
  #bytes = 0
  #files = 0
  /** The first thing that went wrong on the way, as opposed to in the repository; null when nothing did. */
  fault: string | null = null

  constructor(origin: HttpsOrigin, folder: string) {
    this.#origin = origin
    this.#folder = folder
    // An agent of our own: the shared one would follow proxy variables of the environment. Checking is stated, so that none can switch it off.
    this.#agent = new https.Agent({
      keepAlive: true, maxSockets: 1, rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(origin.ca === null ? {} : { ca: origin.ca }),
    })
    this.#end = AbortSignal.timeout(origin.limits.totalMs)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** As tuf-js asks: `handler` gets a file that came whole and is at most `maxLength` long. */
  downloadFile: Download = async (url, maxLength, handler) => handler(await this.ensure(pathOfUrl(url), maxLength))

  async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    return this.downloadFile(url, maxLength, (file) => Promise.resolve(fs.readFileSync(file)))
  }

  /** Path of the kept file, fetched when it is not there yet. */
  async ensure(relative: string | null, maxLength: number): Promise<string> {
    if (relative === null || !/^(?:metadata|targets)\/./.test(relative) || this.#absent.has(relative)) throw new DownloadHTTPError('not there', NOT_FOUND)
    const file = path.join(this.#folder, relative)
    if (fs.existsSync(file)) {
      if (fs.statSync(file).size > maxLength) throw new DownloadLengthMismatchError(`${relative} is longer than ${maxLength} bytes`)
      return file
    }
    try {
      await this.#get(relative, file, Math.min(maxLength, TARGET_BYTES_MAX))
      return file
    } catch (cause) {
      if (cause instanceof DownloadHTTPError) this.#absent.add(relative)
      if (!(cause instanceof DownloadHTTPError) || relative === FIRST_FILE) this.fault ??= `${this.#address(relative).href}: ${messageOf(cause)}`
      throw cause
    }
  }

  #address(relative: string): URL {
    return new URL(relative.split('/').map(encodeURIComponent).join('/'), this.#origin.url)
  }

  async #get(relative: string, file: string, max: number): Promise<void> {
    const { limits } = this.#origin
    const time = AbortSignal.timeout(limits.fileMs + Math.ceil(max / limits.bytesPerSecondMin) * 1000)
    if (++this.#files > limits.filesMax) throw new Error(`the repository has more than ${limits.filesMax} files`)
    const part = path.join(this.#folder, 'part')
    const signal = AbortSignal.any([time, this.#end])
    try {
      const response = await this.#head(this.#address(relative), signal)
      await this.#body(response, part, max)
      makeFolder(path.dirname(file), 0o700)
      fs.renameSync(part, file)
    } catch (cause) {
      throw signal.aborted ? new Error('it took too long; a server that drips is given up', { cause }) : cause
    } finally {
      fs.rmSync(part, { force: true })
    }
  }

  #head(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = https.get(url, { agent: this.#agent, signal, headers: { 'accept-encoding': 'identity', 'user-agent': 'cordon' } })
      const { idleMs } = this.#origin.limits
      request.setTimeout(idleMs, () => request.destroy(new Error(`nothing came for ${idleMs / 1000} s`)))
      request.on('error', reject)
      request.on('response', (response) => {
        const fault = headFault(response)
        if (fault === null) return resolve(response)
        response.destroy()
        reject(fault)
      })
    })
  }

  async #body(response: IncomingMessage, part: string, max: number): Promise<void> {
    const fd = fs.openSync(part, 'w', 0o600)
    let length = 0
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        length += chunk.length
        this.#bytes += chunk.length
        if (length > max) throw new DownloadLengthMismatchError(`it is longer than the ${max} bytes it may hold`)
        if (this.#bytes > this.#origin.limits.bytesMax) throw new Error(`the repository is longer than ${this.#origin.limits.bytesMax} bytes`)
        fs.writeSync(fd, chunk)
      }
    } finally {
      // Before its end: the connection goes, else the server would go on sending.
      response.destroy()
      fs.closeSync(fd)
    }
    if (!response.complete) throw new Error('the connection was cut in the middle')
  }
}

/** An answer that is not the plain file that was asked for. */
function headFault(response: IncomingMessage): Error | null {
  const { statusCode = 0, headers } = response
  if (ABSENT.has(statusCode)) return new DownloadHTTPError(`the server answers ${statusCode}`, statusCode)
  if (statusCode >= 300 && statusCode < 400) {
    return new Error(`the server sends us on to ${JSON.stringify(headers.location ?? '')} (${statusCode}); redirects are not followed`)
  }
  if (statusCode !== 200) return new Error(`the server answers ${statusCode}`)
  const encoding = headers['content-encoding'] ?? 'identity'
  return encoding === 'identity' ? null : new Error(`the server packs it as ${JSON.stringify(encoding)}, which was not asked for`)
}

function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text === 'aborted' ? 'the connection was cut in the middle' : text
}
