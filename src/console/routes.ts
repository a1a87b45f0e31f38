// routes: the table of api.ts as handlers. Each reads records, joins them by a view and answers; nothing is decided here.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Analysis, API_PREFIX, type Health } from './api.ts'
import { advisoryDecision, advisoryViews } from './advisories.ts'
import { installBeds } from './beds.ts'
import { type ConsoleDeps, UPLOAD_LIMIT_BYTES } from './deps.ts'
import { fail, notFound } from './errors.ts'
import type { EventHub } from './events.ts'
import { SECURITY_HEADERS } from './guard.ts'
import { findFinding, readAnalyses, readAnalysis, readFindings, readRecords, readTraffic, triageStateIn, writeTriage } from './records.ts'
import type { Uploads } from './upload.ts'
import { assetPage, assetRows, overview, sortedConversations, TRIAGE_STATES, zoneMap } from './views.ts'

type Params = Readonly<Record<'id' | 'assetId' | 'findingId' | 'matchId', string>>
export type Handler = (analysis: Analysis, params: Params, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

const ANALYSIS = `${API_PREFIX}/analyses/:id`

export function installRoutes(app: FastifyInstance, deps: ConsoleDeps, hub: EventHub, uploads: Uploads): void {
  const health: Health = { ok: true, version: deps.version, uploadLimitBytes: deps.uploadLimitBytes ?? UPLOAD_LIMIT_BYTES, hasBeds: deps.beds !== undefined }
  app.get(`${API_PREFIX}/health`, async () => health)
  app.get(`${API_PREFIX}/analyses`, () => readAnalyses(deps.store))
  app.get(`${API_PREFIX}/events`, (_request, reply) => streamEvents(hub, reply))
  installBeds(app, deps.beds)
  app.post(`${API_PREFIX}/captures`, (request, reply) => uploads.receive(request, reply))
  for (const [path, view] of Object.entries(viewsOf(deps))) app.get(`${ANALYSIS}${path}`, withAnalysis(deps, view))
  app.put(`${ANALYSIS}/findings/:findingId/triage`, withAnalysis(deps, triageOf(deps, hub)))
  app.put(`${ANALYSIS}/advisories/:matchId/decision`, withAnalysis(deps, advisoryDecision(deps, hub)))
}

/** Looks the analysis up once for every route below it; unknown ids are 404. */
function withAnalysis(deps: ConsoleDeps, handler: Handler) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const params = request.params as Params
    const analysis = await readAnalysis(deps.store, params.id)
    if (!analysis) return notFound(reply, 'analysis')
    return handler(analysis, params, request, reply)
  }
}

const NO_PROFILES: NonNullable<ConsoleDeps['profiles']> = new Map()

function viewsOf(deps: ConsoleDeps): Readonly<Record<string, Handler>> {
  const { store, profiles = NO_PROFILES } = deps
  const records = (analysis: Analysis): ReturnType<typeof readRecords> => readRecords(store, analysis, profiles)
  return {
    '/overview': async (analysis) => overview(await records(analysis), await readTraffic(store, analysis)),
    '/assets': async (analysis) => assetRows(await records(analysis)),
    '/assets/:assetId': async (analysis, params, _request, reply) =>
      assetPage(await records(analysis), params.assetId) ?? notFound(reply, 'asset'),
    '/conversations': async (analysis) => sortedConversations((await records(analysis)).conversations),
    '/zones': async (analysis) => zoneMap(await deps.zoneMap(analysis.id), await records(analysis)),
    ...advisoryViews(deps),
    '/findings': (analysis) => readFindings(store, analysis, profiles),
  }
}

function triageOf(deps: ConsoleDeps, hub: EventHub): Handler {
  return async (analysis, params, request, reply) => {
    const state = triageStateIn(request.body)
    if (state === null) {
      return fail(reply, 400, 'bad-triage', 'The body names no triage state.', `Send { "state": one of ${TRIAGE_STATES.join(', ')} }.`)
    }
    const finding = findFinding(await readFindings(deps.store, analysis, deps.profiles ?? NO_PROFILES), params.findingId)
    if (!finding) return notFound(reply, 'finding')
    if (finding.triage !== state) {
      await writeTriage(deps.store, analysis.id, finding, state, deps.now())
      hub.send({ name: 'change', data: { analysis: analysis.id, state: analysis.state } })
    }
    return { ...finding, triage: state }
  }
}

function streamEvents(hub: EventHub, reply: FastifyReply): FastifyReply {
  reply.hijack()
  if (!hub.join(reply.raw, SECURITY_HEADERS)) {
    reply.raw.writeHead(503, { ...SECURITY_HEADERS, 'retry-after': '30' }).end()
  }
  return reply
}
