// The asset page in a real browser: what the packets, the hospital's list and a person say of one device, and what is not in view.
// Keeps a screenshot under artifacts/, and the page free of console errors and of the canary.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { decisionOf } from '../inventory/decision.ts'
import { listedOf } from '../inventory/listed/listed.ts'
import { decisionRecord, listRecord } from '../store/besides.ts'
import { buildWeb, findChromium, launchBrowser } from '../testing/browser.ts'
import { shippedKnowledge } from '../testing/check.ts'
import { fakeWorld } from '../testing/fake-console.ts'
import { seedWard, WARD_ID, WARD_START } from '../testing/fixture-ward.ts'
import { createConsole } from './server.ts'

const ARTIFACTS = fileURLToPath(new URL('../../artifacts/', import.meta.url))
const CHROMIUM = findChromium()
const skip = CHROMIUM === null ? 'no Chromium found (set CORDON_CHROMIUM)' : false

test('an asset page shows each claim\'s evidence, where it talks, what people say, and what is not in view', { skip, timeout: 120_000 }, async (t) => {
  const webRoot = await mkdtemp(join(tmpdir(), 'cordon-web-'))
  await mkdir(ARTIFACTS, { recursive: true })
  await buildWeb(webRoot)
  const world = await fakeWorld({ webRoot, profiles: shippedKnowledge().profiles })
  await seedWard(world.store)
  const device = listedOf({ tag: 'T-17', serial: 'SN-4711', vendor: 'Philips', model: 'MX450', status: 'Disposed', mac: '00:01:02:03:04:07' },
    'cmms.csv row 4', new Set(['disposed']), [])
  assert.ok(device)
  const decider = { asset: 'a-0000000001', called: 'CMS8000 monitor, bed 7', reason: 'read the label', by: 'anna', at: WARD_START }
  await world.store.append([
    listRecord({ name: 'cmms.csv', devices: [device] }, WARD_START), decisionRecord(decisionOf(decider, { action: 'rename', label: 'Monitor of room 12' })),
  ])
  const console = await createConsole(world.deps)
  const browser = await launchBrowser(CHROMIUM ?? '')
  t.after(async () => {
    await browser.close()
    await console.close()
    await world.remove()
    await rm(webRoot, { recursive: true, force: true })
  })
  const { page, complaints } = await browser.open({ viewport: { width: 1280, height: 1700 } })
  await page.goto(`${await console.listen('127.0.0.1', 0)}#/${WARD_ID}/assets/a-0000000001`)
  await page.getByRole('heading', { name: 'Monitor of room 12' }).waitFor()
  const text = await page.locator('body').innerText()
  const expected = [
    /Does it talk outside\?\s+Yes, to \d+ service/, /202\.114\.4\.119/, /is called Monitor of room 12, decided by anna, .*: read the label/,
    /On the list as Disposed, and still here: tag T-17, serial SN-4711 \(cmms\.csv row 4, matched by mac 00:01:02:03:04:07\)/,
    /The packets alone: CMS8000 monitor, bed 7/, /First seen .*, last seen/, /asset tag/, /\bhigh\b/, /\blow\b/,
    /is on the hospital's list as Disposed, and is still on the network/,
  ]
  for (const pattern of expected) assert.match(text, pattern)
  assert.match(text, /Contradiction: the list says model MX450, its packets say CMS8000/)
  await page.getByText('Is it something else?').click()
  await page.getByText('cordon inventory confirm a-0000000001 model=').waitFor()
  await page.screenshot({ path: join(ARTIFACTS, 'console-asset-known.png'), fullPage: true })
  await page.goto(`${page.url().split('#')[0]}#/${WARD_ID}/assets/a-0000000003`)
  await page.getByRole('heading', { name: 'What we cannot see of it' }).waitFor()
  assert.match(await page.locator('body').innerText(), /Nothing names its model: a label, an entry in the hospital's list or a longer capture would\./)
  assert.deepEqual(complaints, [])
  assert.doesNotMatch(await page.content(), /ZZTEST/)
})
