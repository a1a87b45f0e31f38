// beds: the running gateway's beds over HTTP: what the screen needs once, and one text/event-stream for each open page.
// Keeps two rules: this side never says that it is alive by itself (only a frame of the feed does), and a browser that reads too slowly
// is dropped, because what it would read is old.

import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { API_PREFIX } from './api.ts'
import { bedsFrameOf, bedsSetupOf } from './beds-door.ts'
import type { BedsFeed } from './deps.ts'
import { fail } from './errors.ts'
import { SECURITY_HEADERS } from './guard.ts'

/** Screens: a ward has a handful; 64 as for the other stream. */
export const BEDS_CLIENTS_MAX = 64

/** Sixteen beds are about 100 kB a frame: a client with five seconds unread shows the past. It reconnects and gets the whole page anew. */
export const BEDS_BACKLOG_BYTES_MAX = 512 * 1024

/** What the browser waits before it reconnects; it is offline meanwhile and says so. */
const RECONNECT_MS = 1_000

export interface BedsStreams {
  /** Takes over a response; false when there are too many. */
  join(response: ServerResponse, page: number): boolean
  count(): number
  close(): void
}

export function createBedsStreams(feed: BedsFeed): BedsStreams {
  const clients = new Map<ServerResponse, () => void>()
  function leave(client: ServerResponse): void {
    clients.get(client)?.()
    clients.delete(client)
  }
  return {
    join(response, page) {
      if (clients.size >= BEDS_CLIENTS_MAX) return false
      // Its place is taken before the feed speaks, which it may do at once.
      clients.set(response, () => undefined)
      response.on('close', () => leave(response))
      response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      response.write(`retry: ${RECONNECT_MS}\n\n`)
      const stop = feed.subscribe(page, (frame) => {
        if (!clients.has(response)) return
        if (response.writableLength > BEDS_BACKLOG_BYTES_MAX) {
          leave(response)
          response.destroy()
        } else response.write(`event: beds\ndata: ${JSON.stringify(bedsFrameOf(frame))}\n\n`)
      })
      if (clients.has(response)) clients.set(response, stop)
      else stop()
      return true
    },
    count: () => clients.size,
    close() {
      for (const client of clients.keys()) {
        leave(client)
        client.end()
      }
    },
  }
}

/** Pages count from 1, as people do. */
function pageIn(query: unknown, pages: number): number | null {
  const text = typeof query === 'object' && query !== null ? (query as { readonly page?: unknown }).page ?? '1' : '1'
  const page = typeof text === 'string' && /^[1-9]\d{0,3}$/.test(text) ? Number(text) : null
  return page !== null && page <= Math.max(1, pages) ? page : null
}

export function installBeds(app: FastifyInstance, feed: BedsFeed | undefined): void {
  const streams = feed && createBedsStreams(feed)
  if (streams) app.addHook('preClose', async () => streams.close())
  app.get(`${API_PREFIX}/beds`, async (_request, reply) => (feed ? bedsSetupOf(feed.setup()) : noGateway(reply)))
  app.get(`${API_PREFIX}/beds/stream`, (request, reply) => (feed && streams ? openStream(feed, streams, request, reply) : noGateway(reply)))
}

function openStream(feed: BedsFeed, streams: BedsStreams, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { pages } = feed.setup()
  const page = pageIn(request.query, pages)
  if (page === null) {
    return fail(reply, 400, 'bad-page', 'There is no such page of beds.', `Ask for a page from 1 to ${Math.max(1, pages)}: /api/beds/stream?page=1`)
  }
  reply.hijack()
  if (!streams.join(reply.raw, page)) reply.raw.writeHead(503, { ...SECURITY_HEADERS, 'retry-after': '30' }).end()
  return reply
}

function noGateway(reply: FastifyReply): FastifyReply {
  return fail(reply, 404, 'no-gateway', 'No gateway runs behind this console, so there are no beds to show.', 'Start one with: cordon gateway run')
}
