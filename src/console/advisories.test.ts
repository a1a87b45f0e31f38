// Routes of advisory matches over the memory store: what is shown, who decides, and that no canary crosses.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type FakeWorld, fakeWorld } from '../testing/fake-console.ts'
import { CANARY, seedWard } from '../testing/fixture-ward.ts'
import type { AdvisoryMatch } from './api.ts'
import { type Console, createConsole } from './server.ts'

const LOCAL = { host: '127.0.0.1:8080' }
const ALL = '/api/analyses/an-ward/advisories'

describe('advisory routes', () => {
  let world: FakeWorld
  let app: Console
  before(async () => {
    world = await fakeWorld()
    await seedWard(world.store)
    app = await createConsole(world.deps)
  })
  after(async () => {
    await app.close()
    await world.remove()
  })

  const get = async (url: string): Promise<AdvisoryMatch[]> => (await app.inject({ url, headers: LOCAL })).json<AdvisoryMatch[]>()
  const put = (id: string, payload: object) => app.inject({ method: 'PUT', url: `${ALL}/${id}/decision`, headers: LOCAL, payload })

  it('shows matches of the analysis and of one asset, each with its reason, and no canary', async () => {
    const matches = await get(ALL)
    assert.deepEqual(matches.map(({ match }) => match.advisory.id), ['ICSMA-25-030-01', 'ICSMA-22-244-01'])
    assert.match(matches[0]?.match.sentence ?? '', /meet the claim model "CMS8000"/)
    assert.equal((await get('/api/analyses/an-ward/assets/a-0000000001/advisories')).length, 2)
    assert.deepEqual(await get('/api/analyses/an-ward/assets/a-0000000002/advisories'), [])
    assert.doesNotMatch(JSON.stringify(matches), new RegExp(CANARY.replace('^', '\\^')))
  })

  it('keeps a decision with its reason, and refuses one without', async () => {
    const [first] = await get(ALL)
    assert.ok(first)
    for (const body of [{}, { verdict: 'reject' }, { verdict: 'reject', reason: ' ' }, { verdict: 'maybe', reason: 'x' }, { verdict: 'confirm',
      reason: 'x'.repeat(501) }]) {
      assert.equal((await put(first.match.id, body)).statusCode, 400, JSON.stringify(body))
    }
    assert.equal((await put('m-none', { verdict: 'reject', reason: 'No.' })).statusCode, 404)
    const kept = await put(first.match.id, { verdict: 'reject', reason: 'A dummy for training.' })
    assert.equal(kept.statusCode, 200, kept.body)
    assert.equal((await get(ALL))[0]?.decision?.reason, 'A dummy for training.')
    const audit = (await world.store.read('audit')).map(({ body }) => body as { action: string; reason: string })
    assert.deepEqual(audit.map(({ action, reason }) => [action, reason]), [['advisory-reject', 'A dummy for training.']])
  })
})
