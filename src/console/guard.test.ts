// Tests of the guard's pure parts: Host headers, host lists and origins.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allowedHosts, CONTENT_SECURITY_POLICY, hostOf, sameOrigin } from './guard.ts'

describe('hostOf', () => {
  const cases: readonly (readonly [string | undefined, string | null])[] = [
    ['localhost', 'localhost'], ['localhost:8080', 'localhost'], ['LOCALHOST:1', 'localhost'], ['127.0.0.1:3000', '127.0.0.1'],
    ['[::1]:80', '[::1]'], ['[::1]', '[::1]'], ['cordon.example.', 'cordon.example'],
    [undefined, null], ['', null], ['a b', null], ['localhost:80:80', null],
    ['user@localhost', null], ['localhost/evil', null], ['::1', null],
    ['localhost:123456', null],
  ]
  for (const [header, host] of cases) {
    it(`reads ${JSON.stringify(header)} as ${host}`, () => assert.equal(hostOf(header), host))
  }
})

describe('allowedHosts', () => {
  it('knows loopback by its three names and what is configured', () => {
    const hosts = allowedHosts(['Cordon.Hospital.example', 'fd00::7'])
    for (const host of ['localhost', '127.0.0.1', '[::1]', 'cordon.hospital.example', '[fd00::7]']) assert.ok(hosts.has(host), host)
    for (const host of ['evil.example', '127.0.0.2', 'localhost.evil.example', null]) assert.ok(!hosts.has(host), String(host))
  })

  it('adds the address it was bound to, but never "everything"', () => {
    const hosts = allowedHosts([])
    for (const host of ['0.0.0.0', '::', '']) hosts.add(host)
    assert.ok(!hosts.has('0.0.0.0') && !hosts.has('[::]') && !hosts.has(''))
    hosts.add('10.1.2.3')
    assert.ok(hosts.has('10.1.2.3'))
  })
})

describe('sameOrigin', () => {
  const host = '127.0.0.1:8080'
  it('takes our own pages and programs that are no browser', () => {
    assert.ok(sameOrigin({ headers: { host, origin: 'http://127.0.0.1:8080' } }))
    assert.ok(sameOrigin({ headers: { host, origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'same-origin' } }))
    assert.ok(sameOrigin({ headers: { host } }))
  })
  it('refuses other sites, other ports, opaque origins and what the browser calls cross-site', () => {
    for (const origin of ['https://evil.example', 'http://127.0.0.1:9', 'null', 'http://127.0.0.1', '']) {
      assert.ok(!sameOrigin({ headers: { host, origin } }), origin)
    }
    assert.ok(!sameOrigin({ headers: { host, 'sec-fetch-site': 'cross-site' } }))
    assert.ok(!sameOrigin({ headers: { host, 'sec-fetch-site': 'same-site' } }))
  })
})

describe('content security policy', () => {
  it('allows no inline script, no evaluation, no other host and no frame', () => {
    assert.ok(!/unsafe|https?:|\*/.test(CONTENT_SECURITY_POLICY))
    for (const directive of ["default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"]) {
      assert.ok(CONTENT_SECURITY_POLICY.includes(directive), directive)
    }
  })
})
