// browser: a real Chromium for tests of the console, and what went wrong in it: console errors, refused policies, failed requests.
// Keeps the machine quiet: no network of its own, one process, closed by the caller.

import { existsSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { build } from 'vite'

/** Where Debian and its relatives put it; CORDON_CHROMIUM names another one. */
const CHROMIUM_PATHS = [process.env['CORDON_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

/** A first start reads a few hundred megabytes from disk. */
const LAUNCH_MS_MAX = 60_000

/** The browser to use, or null: then tests skip by name. */
export function findChromium(): string | null {
  return CHROMIUM_PATHS.find((path): path is string => path !== undefined && existsSync(path)) ?? null
}

export interface TestBrowser {
  /** A page of its own, with nothing remembered. */
  open(options?: BrowserContextOptions): Promise<WatchedPage>
  close(): Promise<void>
}

export interface WatchedPage {
  readonly page: Page
  /** Console errors and warnings, exceptions, and requests to anywhere but the page's own server. Should stay empty. */
  readonly complaints: readonly string[]
}

export async function launchBrowser(executablePath: string): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath, args: FLAGS, timeout: LAUNCH_MS_MAX })
  return {
    async open(options = {}) {
      const context = await browser.newContext({ timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options })
      const page = await context.newPage()
      await page.addInitScript(pageChecks())
      return { page, complaints: watch(page) }
    },
    close: () => browser.close(),
  }
}

/**
 * web/src/testing/page-checks.ts as a script: its functions stand on `window.checks` of every page. It is typed with the browser's
 * library over there, which this side does not have; injected this way it also passes the content security policy.
 */
function pageChecks(): { content: string } {
  const source = readFileSync(new URL('../../web/src/testing/page-checks.ts', import.meta.url), 'utf8')
  const names = [...source.matchAll(/^export function (\w+)/gm)].map(([, name]) => name)
  const script = stripTypeScriptTypes(source).replaceAll(/^export /gm, '')
  return { content: `(() => {\n${script}\nwindow.checks = { ${names.join(', ')} }\n})()` }
}

/** Calls a function of page-checks in the page. Arguments and answers are JSON. */
export async function runCheck<T>(page: Page, name: string, ...args: readonly unknown[]): Promise<T> {
  return page.evaluate<T>(`window.checks.${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`)
}

/** A content security policy violation is told by Chromium as a console error, so the list covers it. */
function watch(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    if (protocol !== 'data:' && protocol !== 'blob:' && hostname !== '127.0.0.1') complaints.push(`request to ${hostname}`)
  })
  return complaints
}

/** Builds the browser app into `outDir`: a test sees the sources as they are, not an old dist. */
export async function buildWeb(outDir: string): Promise<void> {
  const root = fileURLToPath(new URL('../../web/', import.meta.url))
  await build({ root, configFile: `${root}vite.config.ts`, logLevel: 'error', build: { outDir, emptyOutDir: true } })
}
