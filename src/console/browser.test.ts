// Tests of the console in a real browser: a capture dropped on the page, every page by keyboard, both themes, a server that goes away.
// Keeps the page honest: no console error, no refused policy, no request elsewhere, no canary on any page.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, afterEach, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { buildWeb, findChromium, launchBrowser, runCheck, type TestBrowser } from '../testing/browser.ts'
import { type Analyser, fakeAnalyser, type FakeWorld, fakeWorld, tinyPcap } from '../testing/fake-console.ts'
import { seedWard, WARD_ID } from '../testing/fixture-ward.ts'
import { type Console, createConsole } from './server.ts'

/** What is under test behind the page; the real analyser and a real capture fit here. */
const BEHIND: { readonly analyser: Analyser; readonly capture: () => { readonly name: string; readonly bytes: Uint8Array } } = {
  analyser: fakeAnalyser,
  capture: () => ({ name: 'ward-3.pcap', bytes: tinyPcap(400_000) }),
}

const ARTIFACTS = fileURLToPath(new URL('../../artifacts/', import.meta.url))
const CHROMIUM = findChromium()
const SKIP = CHROMIUM === null ? 'no Chromium found (set CORDON_CHROMIUM)' : false

/** A first build and a first browser start on a loaded machine. */
const PATIENCE = { timeout: 120_000 }

const PAGES = [
  ['overview', `#/${WARD_ID}/overview`, '1 of 3 assets talks, or tries to talk, to addresses outside the hospital.'],
  ['findings', `#/${WARD_ID}/findings?open=f-0000000001`, 'Findings'],
  ['assets', `#/${WARD_ID}/assets`, 'Assets'],
  ['asset', `#/${WARD_ID}/assets/a-0000000001`, 'CMS8000 monitor, bed 7'],
  ['advisories', `#/${WARD_ID}/advisories`, 'Advisories'],
  ['conversations', `#/${WARD_ID}/conversations?from=ward-3&to=internet`, 'Conversations'],
  ['map', `#/${WARD_ID}/map`, 'Zones and conduits'],
] as const

let webRoot: string
let browser: TestBrowser
let world: FakeWorld
let app: Console | null = null
let url: string

async function serve(seeded: boolean, port = 0): Promise<void> {
  world = await fakeWorld({ webRoot, heartbeatMs: 500 }, BEHIND.analyser)
  if (seeded) await seedWard(world.store)
  app = await createConsole(world.deps)
  url = await app.listen('127.0.0.1', port)
}

async function stop(): Promise<void> {
  if (!app) return
  await app.close()
  await world.remove()
  app = null
}

/** Presses Tab until the focused element's name starts so; fails after as many stops as a page may have. */
async function tabTo(page: Page, name: string, key = 'Tab'): Promise<void> {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press(key)
    const focus = await runCheck<{ name: string; visible: boolean }>(page, 'checkFocus')
    assert.ok(focus.visible, `the focus on "${focus.name}" cannot be seen`)
    if (focus.name.includes(name)) return
  }
  assert.fail(`Tab never reached ${name}`)
}

const heading = (page: Page): Promise<string> => page.locator('h1').innerText()
const drop = (page: Page, name: string, bytes: Uint8Array, steps: readonly string[] = ['dragenter', 'dragover', 'drop']): Promise<void> =>
  runCheck(page, 'dropFiles', [{ name, bytes: [...bytes] }], steps)

describe('console in a browser', { skip: SKIP, ...PATIENCE }, () => {
  before(async () => {
    webRoot = await mkdtemp(join(tmpdir(), 'cordon-web-'))
    await mkdir(ARTIFACTS, { recursive: true })
    await buildWeb(webRoot)
    browser = await launchBrowser(CHROMIUM ?? '')
  }, PATIENCE)
  afterEach(stop)
  after(async () => {
    await browser?.close()
    await rm(webRoot, { recursive: true, force: true })
  })

  it('welcomes, takes a dropped capture, shows progress, then its findings', PATIENCE, async () => {
    await serve(false)
    const { page, complaints } = await browser.open()
    await page.goto(url)
    assert.match(await heading(page), /Which of your bedside devices talk outside/)
    await page.screenshot({ path: join(ARTIFACTS, 'console-welcome.png') })
    const { name, bytes } = BEHIND.capture()
    await drop(page, name, bytes, ['dragenter', 'dragover'])
    await page.locator('.drop').waitFor()
    const progress = page.locator('.upload progress').waitFor()
    await drop(page, name, bytes, ['drop'])
    await progress
    await page.getByText(`Reading ${name}`).first().waitFor()
    await page.locator('.finding').first().waitFor()
    assert.equal(await heading(page), 'Findings')
    assert.match(page.url(), /#\/an-[0-9a-f]{10}\/findings$/)
    assert.equal(await page.locator('.finding').count(), 5)
    assert.equal(await page.locator('.drop').count(), 0)
    assert.match(await page.locator('select').innerText(), new RegExp(name))
    assert.deepEqual(complaints, [])
  })

  it('says what, where and what to do of a file that is no capture; Escape puts it away', PATIENCE, async () => {
    await serve(true)
    const { page, complaints } = await browser.open()
    await page.goto(url)
    await drop(page, 'letter.txt', new TextEncoder().encode('Dear Sir or Madam'))
    const alert = page.getByRole('alert')
    await alert.waitFor()
    const words = await alert.innerText()
    for (const part of [/letter\.txt was not opened/, /not a packet capture/, /What to do/, /pcap/]) assert.match(words, part)
    await page.screenshot({ path: join(ARTIFACTS, 'console-refused.png') })
    await page.keyboard.press('Escape')
    await alert.waitFor({ state: 'detached' })
    // Chromium itself logs every 4xx answer as an error; nothing else may be there.
    assert.deepEqual(complaints.filter((text) => !/status of 422/.test(text)), [])
  })

  it('can be used by keyboard alone', PATIENCE, async () => {
    await serve(true)
    const { page, complaints } = await browser.open()
    await page.goto(`${url}#/${WARD_ID}/overview`)
    await page.locator('.finding').first().waitFor()
    await page.keyboard.press('Tab')
    assert.match((await runCheck<{ name: string }>(page, 'checkFocus')).name, /Skip to the content/)
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement.id'), 'main')
    await findingsByKeyboard(page)
    await assetsByKeyboard(page)
    await conversationsByKeyboard(page)
    await mapByKeyboard(page)
    assert.deepEqual(complaints, [])
  })

  it('passes the basic checks on every page, light, dark and narrow', PATIENCE, async () => {
    await serve(true)
    const views: readonly View[] = [
      { colorScheme: 'light', width: 1360 }, { colorScheme: 'dark', width: 1360 }, { colorScheme: 'light', width: 390 },
    ]
    for (const view of views) {
      const { page, complaints } = await browser.open({ colorScheme: view.colorScheme, viewport: { width: view.width, height: 900 } })
      for (const [name, hash, title] of PAGES) await checkOnePage(page, name, hash, title, view)
      assert.deepEqual(complaints, [])
      await page.context().close()
    }
  })

  it('shows that it is live, and since when it is not', PATIENCE, async () => {
    await serve(true)
    const port = Number(new URL(url).port)
    const { page } = await browser.open()
    await page.goto(`${url}#/${WARD_ID}/findings`)
    const live = page.locator('.live')
    await page.locator('.live[data-state=live]').waitFor()
    assert.equal(await live.innerText(), 'live')
    await page.locator('.finding').first().waitFor()
    await stop()
    await page.locator('.live[data-state=lost]').waitFor()
    assert.match(await live.innerText(), /^reconnecting, showing data as of \d\d:\d\d:\d\dZ$/)
    assert.equal(await page.locator('.finding').count(), 5)
    await page.screenshot({ path: join(ARTIFACTS, 'console-reconnecting.png') })
    await serve(true, port)
    await world.store.append([{ kind: 'triage', analysis: WARD_ID, key: 'f-0000000001', at: 1, body: { state: 'closed', at: 1 } }])
    await page.locator('.live[data-state=live]').waitFor({ timeout: 20_000 })
    await page.locator('.finding[data-triage=closed]').waitFor()
  })

  it('shows a change made in another window at once', PATIENCE, async () => {
    await serve(true)
    const [one, two] = [await browser.open(), await browser.open()]
    for (const { page } of [one, two]) {
      await page.goto(`${url}#/${WARD_ID}/findings?open=f-0000000003`)
      await page.locator('.finding[data-open=true]').waitFor()
    }
    await one.page.getByRole('button', { name: 'In progress', exact: true }).click()
    await two.page.locator('.finding[data-triage=in-progress]').waitFor()
    assert.deepEqual((await world.store.read('audit')).map((record) => (record.body as { to: string }).to), ['in-progress'])
  })
})

async function findingsByKeyboard(page: Page): Promise<void> {
  await page.keyboard.press('Shift+Tab')
  await tabTo(page, 'Findings', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await page.getByText('Something true that needs a decision').waitFor()
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1', 'the focus moves to the new page')
  await page.locator('.finding').first().waitFor()
  await tabTo(page, 'sends patient records')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('End')
  assert.match((await runCheck<{ name: string }>(page, 'checkFocus')).name, /stands in no zone/)
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await page.locator('.finding-detail .technical').waitFor()
  await tabTo(page, 'Acknowledged')
  await page.keyboard.press('Enter')
  await page.locator('.finding[data-triage=acknowledged]').waitFor()
  assert.match((await runCheck<{ name: string }>(page, 'checkFocus')).name, /Acknowledged/, 'the focus stays on the button')
  await page.keyboard.press('/')
  await page.keyboard.type('severity:low')
  await page.getByText('1 of 5 findings').waitFor()
}

async function assetsByKeyboard(page: Page): Promise<void> {
  await tabTo(page, 'Assets', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await page.locator('tbody tr').first().waitFor()
  await tabTo(page, 'button Last seen')
  await page.keyboard.press('Enter')
  assert.match(await page.locator('th[aria-sort=descending]').innerText(), /^Last seen/)
  await tabTo(page, 'a CMS8000 monitor')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.getByText('What we believe, and why').waitFor()
  assert.equal(await heading(page), 'CMS8000 monitor, bed 7')
  assert.match(await page.locator('main').innerText(), /CMS8000 framing on TCP 515/)
}

async function conversationsByKeyboard(page: Page): Promise<void> {
  await tabTo(page, 'Conversations', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await page.locator('.matrix').waitFor()
  await tabTo(page, 'ward-3 to ward-3')
  await page.keyboard.press('End')
  const { name } = await runCheck<{ name: string }>(page, 'checkFocus')
  assert.match(name, /ward-3 to internet: 1 conversation, 1 denied, leaving the hospital/)
  await page.keyboard.press('Enter')
  await page.getByText('1 of 4 conversations').waitFor()
  assert.match(page.url(), /from=ward-3&to=internet/)
  assert.match((await runCheck<{ name: string }>(page, 'checkFocus')).name, /From ward-3 to internet/)
}

async function mapByKeyboard(page: Page): Promise<void> {
  await tabTo(page, 'Zones and conduits', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await page.locator('.map-canvas canvas').first().waitFor()
  await tabTo(page, 'a unzoned')
  const rows = await page.getByRole('table', { name: 'Conduits and conversations between zones' }).locator('tbody tr').count()
  assert.equal(rows, 5, 'four pairs with traffic and one conduit without')
}

interface View {
  readonly colorScheme: 'light' | 'dark'
  readonly width: number
}

async function checkOnePage(page: Page, name: string, hash: string, title: string, { colorScheme, width }: View): Promise<void> {
  await page.goto('about:blank')
  await page.goto(`${url}${hash}`)
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
  await page.locator('.waiting').waitFor({ state: 'detached' })
  const where = `${name} ${colorScheme} ${width}`
  if (name === 'overview') await page.locator('.chart canvas').waitFor({ state: 'attached' })
  if (name === 'map') await page.locator('.map-canvas canvas').first().waitFor()
  assert.deepEqual(await runCheck(page, 'checkPage'), [], where)
  assert.equal(await page.locator('#blind-spots h2').innerText(), 'What we cannot see')
  assert.doesNotMatch(await page.content(), /ZZTEST|CANARY/, where)
  await page.screenshot({ path: join(ARTIFACTS, `console-${name}-${width < 500 ? 'narrow' : colorScheme}.png`), fullPage: true })
}
