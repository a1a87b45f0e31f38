// server: the console over HTTP. Puts guard, routes, uploads, events and the browser's files on one socket, and takes them down again.
// Keeps "bound to loopback unless told otherwise" and "Ctrl-C ends at once": open streams and uploads are closed, not waited for.

import { existsSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { fastify, type FastifyInstance, type FastifyReply, type LightMyRequestResponse, type InjectOptions } from 'fastify'
import fastifyMultipart from '@fastify/multipart'
import fastifyStatic from '@fastify/static'
import type { ConsoleDeps, ConsoleEvent } from './deps.ts'
import { errorBody, fail, failureOf } from './errors.ts'
import { createEventHub, type EventHub } from './events.ts'
import { allowedHosts, installGuard, SECURITY_HEADERS } from './guard.ts'
import { writeCaptureAudit } from './records.ts'
import { installRoutes } from './routes.ts'
import { createUploads, type Uploads } from './upload.ts'

export type { AnalyseResult, ConsoleDeps, ConsoleEvent } from './deps.ts'
export type { PolicyZones } from './views.ts'

export const DEFAULT_HOST = '127.0.0.1'

/** JSON bodies hold one word; 16 KiB is generous. Captures stream past this limit under their own. */
const JSON_BODY_BYTES_MAX = 16 * 1024

/** A whole request, the slowest upload included: 512 MiB at 7 Mbit/s. */
const REQUEST_MS_MAX = 10 * 60 * 1000

export interface Console {
  /** Binds (port 0: any free one) and answers the URL to open. Rejects with the system's error when the port is taken. */
  listen(host?: string, port?: number): Promise<string>
  /** Ends streams, uploads and the socket. */
  close(): Promise<void>
  /** Tells every open browser. */
  notify(event: ConsoleEvent): void
  /** One request without a socket, for tests. */
  inject(options: InjectOptions): Promise<LightMyRequestResponse>
}

/** Makes the server; nothing is bound until `listen`. */
export async function createConsole(deps: ConsoleDeps): Promise<Console> {
  const app = fastify({
    logger: false, bodyLimit: JSON_BODY_BYTES_MAX, forceCloseConnections: true, requestTimeout: REQUEST_MS_MAX,
    // Answered before any hook, so the guard has not run: same shape and headers, no echo of what was sent.
    frameworkErrors: (error, _request, reply) => void malformed(error.code, reply.headers(SECURITY_HEADERS)),
  })
  const hosts = allowedHosts(deps.hosts ?? [])
  const hub = createEventHub(deps.heartbeatMs)
  const uploads = createUploads(deps, hub, (analysis, name) => writeCaptureAudit(deps.store, analysis, name, deps.now()))
  await assemble(app, deps, hub, uploads, hosts)
  await uploads.sweep()
  return {
    async listen(host = DEFAULT_HOST, port = 0) {
      hosts.add(host)
      await app.listen({ host, port })
      return urlOf(app, host)
    },
    close: () => app.close(),
    notify: (event) => hub.send(event),
    inject: (options) => app.inject(options),
  }
}

function malformed(code: string, reply: FastifyReply): FastifyReply {
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return notThere(reply)
  return fail(reply, 400, 'bad-request', 'The address of the request is malformed.', 'Use the console\'s own pages.')
}

function notThere(reply: FastifyReply): FastifyReply {
  return fail(reply, 404, 'not-found', 'There is nothing at this address.', 'Start at the console\'s first page, /.')
}

async function assemble(
  app: FastifyInstance, deps: ConsoleDeps, hub: EventHub, uploads: Uploads, hosts: ReturnType<typeof allowedHosts>,
): Promise<void> {
  installGuard(app, hosts)
  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
  app.addHook('preClose', async () => {
    hub.close()
    await uploads.close()
  })
  app.setNotFoundHandler((_request, reply) => notThere(reply))
  app.setErrorHandler((error, _request, reply) => {
    const failure = failureOf(error)
    if (failure.status >= 500) deps.onError?.(error)
    return reply.code(failure.status).send(errorBody(failure.code, failure.message, failure.help))
  })
  await app.register(fastifyMultipart)
  installRoutes(app, deps, hub, uploads)
  await serveApp(app, deps.webRoot)
}

/** The built browser app; without one, a page that says how to build it, for the API works all the same. */
async function serveApp(app: FastifyInstance, webRoot: string): Promise<void> {
  const root = isAbsolute(webRoot) ? webRoot : resolve(webRoot)
  if (!existsSync(join(root, 'index.html'))) {
    const words = 'The browser app is not built. Run: npm run build:web, then start Cordon again.\n'
    app.get('/', (_request, reply) => reply.code(503).type('text/plain; charset=utf-8').send(words))
    return
  }
  await app.register(fastifyStatic, {
    root, dotfiles: 'deny', cacheControl: false,
    setHeaders: (reply, path) => {
      // Files under assets/ carry a hash of their content in the name.
      reply.header('cache-control', /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
}

function urlOf(app: FastifyInstance, host: string): string {
  const address = app.addresses()[0]
  const name = host.includes(':') ? `[${host}]` : host
  return `http://${name}:${typeof address === 'object' ? address.port : 0}/`
}
