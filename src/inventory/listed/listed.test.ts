// Tests of rows as devices, of names, and of matching rows with assets: the index against looking at every pair.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatMac } from '../../base/mac.ts'
import { asset, CARD } from '../../testing/world.ts'
import type { Asset, Claim } from '../asset.ts'
import { listedOf, type ListedDevice, type ListedTexts } from './listed.ts'
import { addressesTaken, matchListed } from './match.ts'
import { namesModel, sameModel, sameVendor } from './names.ts'

const RETIRED = new Set(['retired'])
let rows = 0
function row(texts: ListedTexts, problems: string[] = []): ListedDevice {
  const device = listedOf(texts, `row ${++rows}`, RETIRED, problems)
  assert.ok(device)
  return device
}

const said = (what: Claim['what'], value: string): Claim =>
  ({ what, value, level: 'C', evidence: 'its own bytes', inferred: false, firstAt: 0, lastAt: 0, frame: 1, count: 1 })
const box = (address: string, mac: number, claims: readonly Claim[] = []): Asset => ({ ...asset('unknown', address, null, mac), claims })

test('a row keeps its texts, several addresses, and says what is no address', () => {
  const problems: string[] = []
  const device = row({ tag: ' T-1 ', status: 'Retired', ip: '10.0.0.5, 10.0.0.6', mac: '02-00-5E-00-00-01; 0200.5e00.0002', serial: 'n/a' }, problems)
  assert.deepEqual([device.tag, device.serial, device.status, device.statusText], ['T-1', null, 'retired', 'Retired'])
  assert.deepEqual([device.ips, device.macs], [['10.0.0.5', '10.0.0.6'], ['02:00:5e:00:00:01', '02:00:5e:00:00:02']])
  const wrong = row({ tag: 'T-2', ip: '10.0.0.300', mac: 'ff:ff:ff:ff:ff:ff' }, problems)
  assert.deepEqual([wrong.ips, wrong.macs], [[], []])
  assert.deepEqual(problems.map((p) => p.replace(/^row \d+/, 'row')), ['row: "10.0.0.300" is no IP address', 'row: "ff:ff:ff:ff:ff:ff" is no MAC address'])
  assert.equal(listedOf({ description: 'total', ip: 'DHCP' }, 'row 9', RETIRED, []), null)
})

test('models match as a whole and vendors by their telling words; the Japanese CONTEC bears no CMS8000', () => {
  for (const [a, b] of [['CMS-8000', 'cms 8000'], ['Vista 120', 'VISTA-120']] as const) assert.ok(sameModel(a, b))
  for (const [a, b] of [['CMS8000', 'CMS8000 Plus'], ['', ''], ['MX4', 'MX45']] as const) assert.ok(!sameModel(a, b))
  const alike = [
    ['Contec Medical Systems Co., Ltd.', 'CONTEC'], ['Dräger', 'Draeger Medical'], ['Drager', 'Dräger'], ['Philips Medical Systems', 'PHILIPS'],
  ] as const
  for (const [a, b] of alike) assert.ok(sameVendor(a, b), `${a} ${b}`)
  assert.ok(!sameVendor('Mindray Medical', 'Philips Medical'))
  assert.ok(!sameVendor('', 'Philips'))
  const names = [{ id: 'cms', names: [{ vendor: 'Contec Medical Systems', model: 'CMS8000' }] }, { id: 'two', names: [{ vendor: 'Epsimed', model: 'MN-120' }] }]
  assert.equal(namesModel(names, 'Contec', 'CMS8000'), 'cms')
  assert.equal(namesModel(names, null, 'mn 120'), 'two')
  assert.equal(namesModel(names, 'CONTEC CO., LTD.', 'CPS-PCS341'), null)
  assert.equal(namesModel(names, 'Philips', 'CMS8000'), null)
  assert.equal(namesModel(names, 'Contec', null), null)
})

test('card before serial before name before address; an address held by another card is no match but a sign', () => {
  const assets = [
    box('10.0.0.5', CARD.monitor), box('10.0.0.6', CARD.central, [said('device-identifier', 'CMS8000^SN-4711^EUI-64')]),
    box('10.0.0.7', CARD.router, [said('host-name', 'CART-7.ward.example')]), box('10.0.0.8', CARD.stranger),
  ]
  const byMac = row({ tag: 'T-1', mac: formatMac(CARD.monitor), ip: '10.0.0.99' })
  const bySerial = row({ tag: 'T-2', serial: 'sn-4711' })
  const byName = row({ tag: 'T-3', 'host-name': 'cart-7' })
  const taken = row({ tag: 'T-4', mac: '00:00:00:00:00:44', ip: '10.0.0.8' })
  const { matches, unseen, problems } = matchListed(assets, [taken, byName, bySerial, byMac])
  assert.deepEqual(matches.map((m) => [m.device.tag, m.asset, m.by]), [
    ['T-3', 'a-10.0.0.7', 'host-name'], ['T-2', 'a-10.0.0.6', 'serial'], ['T-1', 'a-10.0.0.5', 'mac'],
  ])
  assert.deepEqual([unseen.map((d) => d.tag), problems], [['T-4'], []])
  assert.deepEqual(addressesTaken(assets, unseen).map(({ device, asset: holder }) => [device.tag, holder.id]), [['T-4', 'a-10.0.0.8']])
  // A serial number that the device tells of itself (LLDP-MED, mDNS) is the same kind of claim as the list's.
  const told = matchListed([box('10.0.0.9', CARD.stranger, [said('serial-number', 'SN-4711')])], [bySerial])
  assert.deepEqual(told.matches.map((m) => [m.asset, m.by]), [['a-10.0.0.9', 'serial']])
  const byAddress = matchListed(assets, [row({ tag: 'T-5', ip: '10.0.0.8' })])
  assert.deepEqual(byAddress.matches.map((m) => m.by), ['address'])
})

test('two rows for one device, and one row for two, are told', () => {
  const assets = [box('10.0.0.5', CARD.monitor), box('10.0.0.6', CARD.central)]
  const both = matchListed(assets, [row({ tag: 'A', mac: formatMac(CARD.monitor) }), row({ tag: 'B', mac: formatMac(CARD.monitor) })])
  assert.deepEqual([both.matches.length, both.unseen.length], [1, 1])
  assert.match(both.problems[0] ?? '', /are both unknown 10\.0\.0\.5 \(mac 02:00:5e:00:00:01\)/)
  const wide = matchListed(assets, [row({ tag: 'C', mac: `${formatMac(CARD.monitor)} ${formatMac(CARD.central)}` })])
  assert.match(wide.problems[0] ?? '', /is unknown 10\.0\.0\.5 and unknown 10\.0\.0\.6/)
})

/** What the index must find: for each row in order and each key in order, the first asset that shares the value. */
function slowPairs(assets: readonly Asset[], devices: readonly ListedDevice[]): [string | null, string][] {
  const pairs = new Map<ListedDevice, string>()
  for (const by of ['mac', 'address'] as const) {
    for (const device of devices) {
      if (pairs.has(device)) continue
      const wanted: readonly string[] = by === 'mac' ? device.macs : device.ips
      const hit = wanted.flatMap((value) => assets.filter((a) => a.interfaces.some((i) => (by === 'mac' ? i.mac : i.ip) === value)))
        .find((a) => by === 'mac' || device.macs.length === 0 || a.interfaces.some((i) => i.mac !== null && device.macs.includes(i.mac)))
      if (hit && ![...pairs.values()].includes(hit.id)) pairs.set(device, hit.id)
    }
  }
  return devices.flatMap((d) => (pairs.has(d) ? [[d.tag, pairs.get(d) as string] as [string | null, string]] : []))
}

test('the index finds what looking at every pair finds', () => {
  const number = fc.integer({ min: 1, max: 5 })
  fc.assert(fc.property(fc.uniqueArray(number), fc.array(fc.tuple(fc.option(number), fc.option(number)), { maxLength: 6 }), (present, listed) => {
    const assets = present.map((n) => box(`10.0.0.${n}`, CARD.monitor + n))
    const devices = listed.map(([mac, address], i) => row({
      tag: `T${i}`, ...(mac === null ? {} : { mac: formatMac(CARD.monitor + mac) }), ...(address === null ? {} : { ip: `10.0.0.${address}` }),
    }))
    assert.deepEqual(matchListed(assets, devices).matches.map((m) => [m.device.tag, m.asset]), slowPairs(assets, devices))
  }), { numRuns: 300 })
})
