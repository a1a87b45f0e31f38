// The path of the clinic without security staff, with everything real: a capture dropped on the page, read, stored, shown.
// Keeps a screenshot under artifacts/ of each run, and looks for the canary patients in all that the page says.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createConsole } from '../console/server.ts'
import { openEmbeddedStore } from '../store/embedded.ts'
import { buildWeb, findChromium, launchBrowser } from '../testing/browser.ts'
import { shippedKnowledge } from '../testing/check.ts'
import { cordonHere as cordon, scratch } from '../testing/command.ts'
import { consoleDeps } from './console.ts'

const ARTIFACTS = path.join(import.meta.dirname, '..', '..', 'artifacts')
const CHROMIUM = findChromium()
const skip = CHROMIUM === null ? 'no Chromium found (set CORDON_CHROMIUM)' : false

/** Puts a file into the page's drop handler as a person's mouse would. */
const DROP = `({ name, base64 }) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
  const transfer = new DataTransfer()
  transfer.items.add(new File([bytes], name))
  for (const type of ['dragenter', 'dragover', 'drop']) {
    document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }))
  }
}`

test('a ward capture dropped on the page becomes findings, evidence and a map, without a patient\'s text', { skip, timeout: 120_000 }, async (t) => {
  const folder = scratch(t)
  const file = path.join(folder, 'ward.pcap')
  assert.equal((await cordon(['twin', '--out', file, '--scenario', 'all', '--seed', '7'])).code, 0)
  const opened = await openEmbeddedStore(path.join(folder, 'data'))
  assert.ok(opened.ok)
  const webRoot = path.join(folder, 'web')
  await buildWeb(webRoot)
  const errors: unknown[] = []
  const deps = consoleDeps({ store: opened.value, knowledge: shippedKnowledge(), dataFolder: folder, onError: (e) => errors.push(e) })
  const console = await createConsole({ ...deps, webRoot })
  const browser = await launchBrowser(CHROMIUM ?? '')
  t.after(async () => {
    await browser.close()
    await console.close()
    await opened.value.close()
  })
  const { page, complaints } = await browser.open({ viewport: { width: 1280, height: 900 } })
  await page.goto(await console.listen('127.0.0.1', 0))
  await page.evaluate(`(${DROP})(${JSON.stringify({ name: 'ward.pcap', base64: fs.readFileSync(file).toString('base64') })})`)
  await page.locator('.finding').first().waitFor()
  const seen: string[] = [await page.locator('body').innerText()]
  assert.match(seen[0] ?? '', /sends its data out of the hospital/)
  fs.mkdirSync(ARTIFACTS, { recursive: true })
  await page.screenshot({ path: path.join(ARTIFACTS, 'drop-a-capture.png') })
  const id = /#\/([^/]+)\//.exec(page.url())?.[1] ?? ''
  const pages = [['overview', /addresses? outside/], ['assets', /CMS8000 monitor, bed 1\b/], ['conversations', /bedside/], ['map', /Between zones/]] as const
  for (const [name, expected] of pages) {
    await page.goto(`${page.url().split('#')[0]}#/${id}/${name}`)
    await page.getByText(expected).first().waitFor()
    seen.push(await page.locator('body').innerText(), await page.content())
  }
  for (const text of seen) for (const secret of ['ZZTEST', 'CANARY']) assert.ok(!text.includes(secret), `the page shows ${secret}`)
  assert.deepEqual([complaints, errors], [[], []])
})
