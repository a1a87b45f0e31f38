// guard: who may speak to the console, and what a browser may do with its answers.
// Keeps: a web page from elsewhere can neither read (Host check against DNS rebinding, no CORS) nor change anything (Origin check).

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { fail } from './errors.ts'

/** Names under which a browser on this machine reaches us; anything else in Host is a rebound name. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'] as const

/** Binding to "everything" names no host: those names must be configured. */
const WILDCARD_HOSTS: ReadonlySet<string> = new Set(['0.0.0.0', '::', ''])

/** RFC 9110 section 9.2.1: methods that ask and do not change. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Scripts, styles, fonts and data come from this server only; nothing inline, nothing framed, nothing sent elsewhere. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "object-src 'none'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ')

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** The host part of a Host header, lower case, without port and trailing dot; null when it is no host (RFC 9110 section 7.2). */
export function hostOf(header: string | undefined): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+)(?::\d{1,5})?$/i.exec(header ?? '')
  return match?.[1]?.toLowerCase().replace(/\.$/, '') ?? null
}

/** The set of hosts the server answers to; `add` takes the address it was bound to. */
export function allowedHosts(configured: readonly string[]): { has(host: string | null): boolean; add(host: string): void } {
  const hosts = new Set<string>([...LOCAL_HOSTS, ...configured.map(normalHost)])
  return {
    has: (host) => host !== null && hosts.has(host),
    add: (host) => {
      if (!WILDCARD_HOSTS.has(host)) hosts.add(normalHost(host))
    },
  }
}

/** As it stands in a Host header: IPv6 in brackets (RFC 3986 section 3.2.2). */
function normalHost(host: string): string {
  const lower = host.toLowerCase()
  return lower.includes(':') && !lower.startsWith('[') ? `[${lower}]` : lower
}

/**
 * Whether a changing request comes from our own pages. A browser sends Origin with every POST and PUT (Fetch section 3.1);
 * without Origin it is no browser (curl), which needs no protection from other sites.
 */
export function sameOrigin(request: Pick<FastifyRequest, 'headers'>): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const { origin, host } = request.headers
  if (origin === undefined) return true
  return originHost(origin) === host?.toLowerCase()
}

function originHost(origin: string): string | null {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? null
}

/** Puts the checks before every route and the headers on every answer. */
export function installGuard(app: FastifyInstance, hosts: ReturnType<typeof allowedHosts>): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    if (!hosts.has(hostOf(request.headers.host))) {
      return fail(reply, 403, 'host-not-allowed', 'This console does not answer to that host name.',
        'Open it by the address Cordon printed at start, or add the name to the configured hosts.')
    }
    if (!SAFE_METHODS.has(request.method) && !sameOrigin(request)) {
      return fail(reply, 403, 'origin-not-allowed', 'The request comes from another web site.', 'Use the console\'s own pages.')
    }
    return undefined
  })
}
