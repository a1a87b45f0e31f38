// Tests of the beds page in a real browser: layouts, keyboard, both themes, and that no number is shown as live once anything is cut.
// Keeps the cuts real: a feed that hangs, a server that goes, a line that stops forwarding without closing, a page that is put away, a process that is stopped.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { buildWeb, findChromium, launchBrowser, runCheck, type TestBrowser, type WatchedPage } from '../testing/browser.ts'
import { INTENDED_USE } from '../gateway/core/beds-frame.ts'
import { type FakeBeds, fakeBeds, type FakeBedsOptions } from '../testing/fake-beds.ts'
import { type FakeWorld, fakeWorld } from '../testing/fake-console.ts'
import { seedWard, WARD_ID } from '../testing/fixture-ward.ts'
import { type Console, createConsole } from './server.ts'

const CHROMIUM = findChromium()
const SKIP = CHROMIUM === null ? 'no Chromium found (set CORDON_CHROMIUM)' : false
const PATIENCE = { timeout: 120_000 }
/** All of them, one browser. */
const ALL_PATIENCE = { timeout: 900_000 }
const HD = { width: 1920, height: 1080 }

let webRoot: string
let browser: TestBrowser
let world: FakeWorld
let feed: FakeBeds
let app: Console | null = null
let url: string
/** Pages that are open: a page nobody looks at any more still draws. */
const opened: Page[] = []

async function serve(options: FakeBedsOptions, seeded = false): Promise<void> {
  feed = fakeBeds(options)
  world = await fakeWorld({ webRoot, beds: feed, heartbeatMs: 500 })
  if (seeded) await seedWard(world.store)
  app = await createConsole(world.deps)
  url = await app.listen('127.0.0.1', 0)
}

async function closePages(): Promise<void> {
  for (const page of opened.splice(0)) await page.context().close()
}

async function stop(): Promise<void> {
  feed?.close()
  if (!app) return
  await app.close()
  await world.remove()
  app = null
}

/** Five pictures a second: painting sixteen beds without a graphics card is most of what this file costs, and most of it looks at words and places. */
const FEW_FRAMES = `{
  const ask = window.requestAnimationFrame.bind(window)
  window.requestAnimationFrame = (call) => setTimeout(() => ask(call), 200)
  window.cancelAnimationFrame = clearTimeout
}`

type OpenOptions = NonNullable<Parameters<TestBrowser['open']>[0]> & {
  /** As many pictures as the browser makes: where they are what is looked at. */
  readonly everyFrame?: boolean
}

/** A page of beds with numbers on it. */
async function openBeds(hash = '#/beds', { everyFrame = false, ...options }: OpenOptions = {}, at = url): Promise<WatchedPage> {
  const watched = await browser.open({ viewport: HD, ...options })
  opened.push(watched.page)
  if (!everyFrame) await watched.page.addInitScript({ content: FEW_FRAMES })
  await watched.page.goto(at + hash)
  await watched.page.locator('.value[data-kind=hr][data-state=live]').first().waitFor()
  return watched
}

/** Numbers on the page as somebody would read them: anything that looks like a value, live or old, in tiles, tables or the single bed. */
const NUMBERS = `[...document.querySelectorAll('.value .number')].filter((one) => /\\d/.test(one.textContent)).length`
const LIVE = `document.querySelectorAll('.value[data-state=live]').length`
const numbers = (page: Page): Promise<number> => page.evaluate<number>(NUMBERS)

/** Asks the page until it says yes. The page's own policy forbids what `waitForFunction` does. */
async function until(page: Page, what: string): Promise<void> {
  for (let tries = 0; !await page.evaluate<boolean>(what); tries++) {
    assert.ok(tries < 300, `never came: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const gone = (page: Page): Promise<void> => until(page, `${NUMBERS} === 0`)

async function assertOffline(page: Page, beds: number): Promise<void> {
  assert.equal(await numbers(page), 0)
  assert.equal(await page.locator('.tile').count(), beds, 'every tile stays in its place')
  assert.equal(await page.locator('.tile[data-offline=true]').count(), beds)
  for (const text of await page.locator('.tile').allInnerTexts()) {
    assert.match(text, /STATION OFFLINE since \d\d:\d\d:\d\d/)
    assert.match(text, /Data check: not known/)
    assert.match(text, /—\?—/)
  }
  assert.match(await page.locator('.station').innerText(), /^STATION OFFLINE since \d\d:\d\d:\d\d$/)
  assert.equal(await page.evaluate('getComputedStyle(document.querySelector(".tile canvas")).visibility'), 'hidden')
  assert.match(await page.locator('.targets').innerText(), /not known, station offline/)
  assert.equal(await page.locator('.intended').innerText(), INTENDED_USE)
}

type Box = Readonly<Record<'x' | 'y' | 'width' | 'height', number>>

/** Where everything stands whose place may not depend on a value. */
const boxes = (page: Page): Promise<readonly Box[]> => page.evaluate<Box[]>(`[...document.querySelectorAll(
  '.tile, .tile .value, .tile .sweep, .tile-head, .strip, .target')].map((one) => one.getBoundingClientRect().toJSON())`)

/** A line through which the browser reaches the console, and which can stop without telling anybody. */
async function loopbackLine(port: number): Promise<{ readonly url: string; hold(): void; release(): void; close(): void }> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let isHeld = false
  const server: Server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [from, to] of [[near, far], [far, near]] as const) {
      from.on('data', (bytes) => {
        if (!isHeld) to.write(bytes)
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        to.destroy()
        pairs.delete(pair)
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    hold() {
      isHeld = true
    },
    release() {
      isHeld = false
      // What was swallowed is lost, so those connections are of no use any more.
      for (const [near] of pairs) near.destroy()
    },
    close() {
      server.close()
      for (const [near, far] of pairs) for (const end of [near, far]) end.destroy()
    },
  }
}

/** Tells the page what a browser with a screen tells it. */
const LIFECYCLE = `window.put = (step) => {
  const state = { hidden: 'hidden', visible: 'visible' }[step]
  if (state) Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state })
  const target = step.startsWith('page') ? window : document
  target.dispatchEvent(new Event(state ? 'visibilitychange' : step))
}; 0`

/** Counts, after each painted frame of the page, what was shown as live, and when. */
const RECORDER = `
  window.seen = []
  const look = () => requestAnimationFrame(() => { setTimeout(() => window.seen.push([performance.now(), ${LIVE}]), 0); look() })
  look()
`

describe('beds in a browser', { skip: SKIP, ...ALL_PATIENCE }, () => {
  before(async () => {
    webRoot = await mkdtemp(join(tmpdir(), 'cordon-beds-'))
    await buildWeb(webRoot)
    browser = await launchBrowser(CHROMIUM ?? '')
  }, PATIENCE)
  afterEach(async () => {
    await closePages()
    await stop()
  })
  after(async () => {
    await browser?.close()
    await rm(webRoot, { recursive: true, force: true })
  })

  for (const beds of [12, 16]) {
    it(`says of every missing value of ${beds} beds what and since when, whole and in whole words`, PATIENCE, async () => {
      await serve({ beds, troubled: true })
      const { page } = await openBeds()
      await page.getByText(/NOT MEASURED since/).first().waitFor()
      await assertNothingCut(page)
    })
  }

  for (const beds of [1, 4, 8, 12, 16]) {
    it(`shows ${beds} beds at 1920x1080 without scrolling, all of one size, and none moves when every value changes`, PATIENCE, async () => {
      await serve({ beds })
      const { page, complaints } = await openBeds()
      const [scroll, height] = await page.evaluate<[number, number]>('[document.documentElement.scrollHeight, innerHeight]')
      assert.ok(scroll <= height, `the page is ${scroll - height} pixels too high`)
      const tiles = await page.evaluate<string[]>('[...document.querySelectorAll(".tile")].map((one) => `${one.clientWidth}x${one.clientHeight}`)')
      assert.equal(tiles.length, beds)
      assert.equal(new Set(tiles).size, 1, tiles.join(' '))
      await assertNothingCut(page)
      const [places, order] = [await boxes(page), await page.locator('.tile h2').allInnerTexts()]
      assert.deepEqual(order, Array.from({ length: beds }, (_, i) => `Bed ${i + 1}`))
      feed.shake()
      await page.getByText('255/198 (217)').first().waitFor()
      await assertNothingCut(page)
      assert.deepEqual(await boxes(page), places)
      feed.hang()
      await gone(page)
      assert.deepEqual(await boxes(page), places, 'offline too, everything stays in its place')
      assert.deepEqual(await page.locator('.tile h2').allInnerTexts(), order)
      assert.deepEqual(complaints, [])
    })
  }

  it('takes every number away when the station hangs, and shows new ones when it goes on', PATIENCE, async () => {
    await serve({ beds: 16, troubled: true })
    const { page, complaints } = await openBeds()
    assert.ok(await numbers(page) > 100)
    feed.hang()
    await gone(page)
    await assertOffline(page, 16)
    await page.goto(`${url}#/beds/10.20.4.31`)
    await page.locator('.single').waitFor()
    assert.equal(await numbers(page), 0, 'a bed opened while offline has no number either')
    await page.goto(`${url}#/beds?view=table`)
    await page.locator('.bed-table').waitFor()
    assert.equal(await numbers(page), 0)
    feed.goOn()
    await page.locator('.value[data-state=live]').first().waitFor({ timeout: 15_000 })
    assert.deepEqual(complaints, [])
  })

  it('takes every number away when the server goes', PATIENCE, async () => {
    await serve({ beds: 16 })
    const { page } = await openBeds()
    await stop()
    await gone(page)
    await assertOffline(page, 16)
  })

  it('takes every number away when the line stops forwarding without closing, and comes back with it', PATIENCE, async () => {
    await serve({ beds: 16 })
    const line = await loopbackLine(Number(new URL(url).port))
    try {
      const { page } = await openBeds('#/beds', {}, line.url)
      line.hold()
      await gone(page)
      await assertOffline(page, 16)
      line.release()
      await page.locator('.value[data-state=live]').first().waitFor({ timeout: 30_000 })
    } finally {
      line.close()
    }
  })

  it('has no number on a page that is put away or about to be frozen: it is taken off before, for nothing runs when it comes back', PATIENCE, async () => {
    await serve({ beds: 16 })
    const { page } = await openBeds('#/beds', { everyFrame: true })
    // A browser without a screen hides and freezes no page, so the page is told as Chromium tells it (Page Lifecycle).
    await page.evaluate(LIFECYCLE)
    for (const steps of [['hidden'], ['freeze'], ['pagehide']]) {
      for (const step of steps) await page.evaluate(`window.put('${step}')`)
      assert.equal(await numbers(page), 0, steps.join())
      await assertOffline(page, 16)
      await new Promise((resolve) => setTimeout(resolve, 1500))
      assert.equal(await numbers(page), 0, `${steps.join()}: frames that come meanwhile bring nothing back`)
      assert.equal(feed.subscribers(), 0)
      await page.evaluate(`window.put('${steps[0] === 'hidden' ? 'visible' : steps[0] === 'freeze' ? 'resume' : 'pageshow'}')`)
      await page.locator('.value[data-state=live]').first().waitFor()
    }
  })

  it('paints nothing as live when its process was stopped and goes on, though frames wait in its socket', PATIENCE, async () => {
    await serve({ beds: 4 })
    const { page } = await openBeds('#/beds', { everyFrame: true })
    const pid = await rendererOf(page)
    await page.evaluate(RECORDER)
    await until(page, 'window.seen.length > 20')
    process.kill(pid, 'SIGSTOP')
    try {
      // Frames go on into the socket for a while, and then the station hangs too: they are all that the page will find.
      await new Promise((resolve) => setTimeout(resolve, 4000))
      feed.hang()
      await new Promise((resolve) => setTimeout(resolve, 2000))
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await until(page, 'document.querySelectorAll(".tile[data-offline=true]").length === 4')
    const start = await page.evaluate<number>('window.seen.length')
    await until(page, `window.seen.length > ${start + 60}`)
    const seen = await page.evaluate<[ms: number, live: number][]>('window.seen')
    const wake = seen.findLastIndex(([ms], i) => ms - (seen[i - 1]?.[0] ?? ms) > 3000)
    assert.ok(wake > 0 && seen.slice(0, wake).some(([, live]) => live > 0), 'the page was live, and then stood still')
    // The count at the wake itself may be of the picture that stood there; the first that is painted anew is judged.
    const painted = seen.slice(wake + 1)
    assert.ok(painted.length >= 60)
    assert.deepEqual(painted.filter(([, live]) => live > 0), [], 'no frame that waited brings a number back')
    await assertOffline(page, 4)
  })

  it('judges by its own clock when time passes without anything running', PATIENCE, async () => {
    await serve({ beds: 4 })
    const { page } = await browser.open({ viewport: HD })
    opened.push(page)
    await page.clock.install()
    await page.goto(`${url}#/beds`)
    await page.locator('.value[data-kind=hr][data-state=live]').first().waitFor()
    feed.hang()
    await page.clock.fastForward(8000)
    await gone(page)
    await assertOffline(page, 4)
  })

  it('marks an old value in words, and says since when there is none', PATIENCE, async () => {
    await serve({ beds: 16, troubled: true })
    const { page } = await openBeds()
    const words = async (bed: number, kind: string): Promise<string> =>
      (await page.locator('.tile').nth(bed - 1).locator(`.value[data-kind=${kind}]`).innerText()).replaceAll(/\s+/g, ' ')
    assert.match(await words(2, 'hr'), /^HR \/min \d+ OLD \(\d s\)$/)
    assert.match(await words(6, 'hr'), /^HR \/min —\?— NO DATA since \d\d:\d\d:\d\d$/)
    assert.match(await words(6, 'cuff'), /^NIBP mmHg \d+\/\d+ \(\d+\) \d\d:\d\d, \d+ (min|s) old$/)
    assert.match(await words(11, 'spo2'), /^SpO2 % —\?— SENSOR OFF since/)
    assert.match(await words(14, 'hr'), /DEMO$/)
    await assertNothingCut(page)
    assert.match(await words(15, 'hr'), /NO DATA yet$/)
    const tile = (bed: number): Promise<string> => page.locator('.tile').nth(bed - 1).innerText()
    assert.match(await tile(3), /UNASSIGNED/)
    assert.match(await tile(8), /CONTESTED: look\s[^]*two devices stand at this bed/)
    assert.match(await tile(10), /Data check: NOT TRUSTED/)
    assert.match(await tile(1), /Patient assigned since \d\d:\d\d/)
    assert.match(await tile(1), /ECG II \(inferred\)/)
    assert.match(await page.locator('.targets').innerText(), /NOT PROTECTED: the engine on ward 3 has no TLS until March/)
    const allButIntendedUse = (await page.locator('.beds').innerText()).replace(INTENDED_USE, '')
    assert.doesNotMatch(allButIntendedUse, /\b(fine|normal|stable|alarm)\b/i)
  })

  it('draws waves that move, and leaves them where the feed has none', PATIENCE, async () => {
    await serve({ beds: 16, troubled: true })
    const { page } = await openBeds('#/beds', { everyFrame: true })
    const inked = (bed: number): Promise<number> => page.evaluate<number>(`(() => {
      const canvas = document.querySelectorAll('.tile canvas')[${bed - 1}]
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      return data.filter((value, i) => i % 4 === 3 && value > 0).length
    })()`)
    await until(page, `[...document.querySelectorAll('.tile')][0].querySelectorAll('.lane[data-stopped=true]').length === 0`)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    assert.ok(await inked(1) > 300)
    assert.equal(await inked(6), 0)
    assert.match(await page.locator('.tile').nth(5).locator('.sweep').innerText(), /NO WAVE/)
  })

  it('can be used by keyboard alone', PATIENCE, async () => {
    await serve({ beds: 20 })
    const { page, complaints } = await openBeds()
    const focus = async (): Promise<string> => {
      const { name, visible } = await runCheck<{ name: string; visible: boolean }>(page, 'checkFocus')
      assert.ok(visible, `the focus on "${name}" cannot be seen`)
      return name
    }
    const press = async (...keys: string[]): Promise<string> => {
      for (const key of keys) await page.keyboard.press(key)
      return focus()
    }
    assert.match(await press('ArrowRight'), /Open Bed 1,/)
    assert.match(await press('ArrowRight', 'ArrowDown'), /Open Bed 6,/)
    assert.match(await press('ArrowLeft', 'ArrowUp', 'End'), /Open Bed 16,/)
    assert.match(await press('ArrowRight', 'ArrowDown', 'Home', 'ArrowUp'), /Open Bed 1,/)
    await press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.locator('.single').waitFor()
    assert.match(page.url(), /#\/beds\/10\.20\.4\.35\?page=1$/)
    assert.match(await focus(), /All beds/)
    await page.keyboard.press('Escape')
    await page.locator('.tiles').waitFor()
    assert.match(await focus(), /Open Bed 5,/)
    await page.keyboard.press('PageDown')
    await page.getByRole('heading', { name: 'Bed 17' }).waitFor()
    assert.match(page.url(), /page=2$/)
    assert.equal(await page.locator('.tile').count(), 4)
    await page.keyboard.press('PageDown')
    await page.keyboard.press('PageUp')
    await page.getByRole('heading', { name: 'Bed 1', exact: true }).waitFor()
    assert.deepEqual(complaints, [])
  })

  it('opens one bed with a click: every value with its three times, the reasons, the unknown kinds', PATIENCE, async () => {
    await serve({ beds: 16, troubled: true })
    const { page } = await openBeds()
    await page.locator('.tile').nth(12).click()
    const single = page.locator('.single')
    await single.waitFor()
    const text = await single.innerText()
    for (const part of [/46\/1b: 12/, /code not known: 3/, /Received/, /Shown/, /Monitor's own time/, /monitor's clock/, /50 to 120/, /No scale/, /inferred/]) {
      assert.match(text, part)
    }
    assert.equal(await single.locator('tbody tr').count(), 14)
    assert.equal(await single.locator('.lane').count(), 5)
    await page.goto(`${url}#/beds/10.20.4.40`)
    await page.getByText('a second card claims this address').first().waitFor()
  })

  it('passes the basic checks, light, dark and narrow, in all three views, and shows no patient\'s name', PATIENCE, async () => {
    await serve({ beds: 16, troubled: true })
    for (const view of [{ colorScheme: 'light', width: 1920 }, { colorScheme: 'dark', width: 1920 }, { colorScheme: 'light', width: 390 }] as const) {
      const { page, complaints } = await openBeds('#/beds', { colorScheme: view.colorScheme, viewport: { width: view.width, height: 1080 } })
      for (const [hash, part] of [['#/beds', '.tile'], ['#/beds?view=table', '.bed-table'], ['#/beds/10.20.4.36', '.single']] as const) {
        await page.goto(url + hash)
        await page.locator(part).first().waitFor()
        assert.deepEqual(await runCheck(page, 'checkPage'), [], `${hash} ${view.colorScheme} ${view.width}`)
        assert.doesNotMatch(await page.content(), /ZZTEST|CANARY/)
        assert.equal(await page.locator('.intended').innerText(), INTENDED_USE)
      }
      feed.hang()
      await page.goto(`${url}#/beds`)
      await gone(page)
      assert.deepEqual(await runCheck(page, 'checkPage'), [], `offline ${view.colorScheme} ${view.width}`)
      feed.goOn()
      assert.deepEqual(complaints, [])
      await page.context().close()
    }
  })

  it('is the first page where a gateway runs, beside the analyses; the table says what the tiles say', PATIENCE, async () => {
    await serve({ beds: 4 }, true)
    const { page, complaints } = await openBeds('')
    assert.match(page.url(), /#\/beds$/)
    assert.deepEqual(await page.locator('.nav a').allInnerTexts(), ['Beds', 'Overview', 'Findings', 'Assets', 'Advisories', 'Conversations',
      'Zones and conduits'])
    await page.getByRole('link', { name: 'Show as table' }).click()
    await page.locator('.bed-table').waitFor()
    await page.getByText('ECG II (inferred): drawn').first().waitFor()
    const row = await page.locator('.bed-table tbody tr').first().innerText()
    for (const part of [/Bed 1/, /Patient assigned since/, /Data check: OK/, /\d+\/\d+ \(\d+\)/, /ECG II \(inferred\): drawn/]) assert.match(row, part)
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('heading', { level: 1, name: /talks, or tries to talk/ }).waitFor()
    assert.match(page.url(), new RegExp(`#/${WARD_ID}/overview$`))
    await page.goto(`${url}#/beds`)
    await page.locator('.tile').first().waitFor()
    assert.equal(feed.subscribers(), 1, 'the stream of a page that was left is closed')
    assert.deepEqual(complaints, [])
  })
})

/** No number and no mark of a tile is cut off by its place. */
async function assertNothingCut(page: Page): Promise<void> {
  const cut = await page.evaluate<string[]>(`[...document.querySelectorAll(
    '.tile .value, .tile .number, .tile .mark, .tile-check, .tile-patient, .tile h2, .intended')]
    .filter((one) => getComputedStyle(one).display !== 'inline')
    .filter((one) => one.scrollWidth > one.clientWidth + 1 || (one.matches('.mark') && one.scrollHeight > one.clientHeight + 3))
    .map((one) => one.className + ': ' + one.textContent)`)
  assert.deepEqual(cut, [])
}

/** The process that runs this page: the renderer whose title the browser names by the page's own process id. */
async function rendererOf(page: Page): Promise<number> {
  const devtools = await page.context().browser()?.newBrowserCDPSession()
  assert.ok(devtools)
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo')
  // The busiest youngest renderer is ours: each test has a page of its own, and this one has just been drawing waves.
  const renderers = processInfo.filter((one) => one.type === 'renderer').sort((a, b) => b.cpuTime - a.cpuTime)
  const pids = renderers.map((one) => one.id)
  for (const pid of pids) if (await isStoppedBy(page, pid)) return pid
  return assert.fail(`none of the renderers ${pids.join(', ')} runs the page`)
}

/** Stops a process for a moment and asks whether the page still answers. */
async function isStoppedBy(page: Page, pid: number): Promise<boolean> {
  process.kill(pid, 'SIGSTOP')
  const answer = page.evaluate('1').then(() => false)
  const silence = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 700))
  const isOurs = await Promise.race([answer, silence])
  process.kill(pid, 'SIGCONT')
  await answer
  return isOurs
}
