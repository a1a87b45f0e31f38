// Tests of lists with their columns guessed or told, and of NetBox's JSON in and out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asset, CARD } from '../../testing/world.ts'
import { guessColumns, readListRows, type ColumnMap } from './columns.ts'
import { matchListed } from './match.ts'
import { readNetbox, writeNetbox } from './netbox.ts'

const MAP: ColumnMap = { columns: {}, retired: [], delimiter: null, encoding: null, headRow: 1 }

test('columns are recognised in several languages, below titles, each once', () => {
  const english = [['Exported 2026-01-05'], ['Asset Tag', 'Serial Number', 'Manufacturer', 'Model', 'IP Address', 'MAC Address', 'Status', 'Price']]
  assert.deepEqual(guessColumns(english), { headRow: 2, columns: {
    tag: 'Asset Tag', serial: 'Serial Number', vendor: 'Manufacturer', model: 'Model', status: 'Status', ip: 'IP Address', mac: 'MAC Address',
  } })
  assert.deepEqual(guessColumns([['Inventar-Nr.', 'Hersteller', 'Gerätetyp', 'Standort', 'Serien-Nr.', 'Bezeichnung']]).columns, {
    tag: 'Inventar-Nr.', serial: 'Serien-Nr.', vendor: 'Hersteller', model: 'Gerätetyp', description: 'Bezeichnung', location: 'Standort',
  })
  assert.deepEqual(guessColumns([["Numéro d'inventaire", 'N° de série', 'Adresse IP']]).columns, { tag: "Numéro d'inventaire", ip: 'Adresse IP' })
  assert.deepEqual(guessColumns([['a', 'b']]).columns, {})
})

test('rows become devices that can be found again; a told column that is missing is an error that names the others', () => {
  const rows = [['Tag', 'State'], ['T-1', 'Disposed'], ['', ''], ['T-2', 'in use']]
  const read = readListRows(rows, { ...MAP, columns: { tag: 'Tag', status: 'State' } }, 'ward.csv')
  assert.ok(read.ok)
  assert.deepEqual(read.value.devices.map((d) => [d.where, d.tag, d.status]), [['ward.csv row 2', 'T-1', 'retired'], ['ward.csv row 4', 'T-2', 'active']])
  assert.deepEqual([...read.value.byRow.keys()], [1, 3])
  const own = readListRows(rows, { ...MAP, columns: { tag: 'Tag', status: 'State' }, retired: ['In Use'] }, 'ward.csv')
  assert.deepEqual(own.ok && own.value.devices.map((d) => d.status), ['active', 'retired'])
  const wrong = readListRows(rows, { ...MAP, columns: { mac: 'MAC' } }, 'ward.csv')
  assert.equal(wrong.ok ? '' : wrong.error, 'the list has no column "MAC" (mac); its columns are: Tag, State')
})

const NETBOX = {
  devices: [
    { id: 1, name: 'mon-7', serial: 'SN-1', asset_tag: 'T-1', status: { value: 'active' }, site: { name: 'Main' }, location: { name: 'Ward 3' },
      device_type: { model: 'CMS8000', manufacturer: { name: 'Contec' } }, role: { name: 'Monitor' }, primary_ip4: { address: '10.0.0.5/24' } },
    { id: 2, name: 'old', status: { value: 'decommissioning' } },
  ],
  interfaces: { results: [{ device: { id: 1, name: 'mon-7' }, mac_address: '02:00:5E:00:00:01' }] },
  ip_addresses: [{ address: '10.0.1.5/24', assigned_object: { device: { name: 'mon-7' } } }, { address: '10.0.9.9/24', assigned_object: null }],
}

test('NetBox devices come with the addresses and cards of their interfaces', () => {
  const problems: string[] = []
  const devices = readNetbox(NETBOX, 'netbox.json', problems)
  assert.deepEqual(devices?.map((d) => [d.hostName, d.tag, d.vendor, d.model, d.location, d.status, d.ips, d.macs]), [
    ['mon-7', 'T-1', 'Contec', 'CMS8000', 'Main, Ward 3', 'active', ['10.0.0.5', '10.0.1.5'], ['02:00:5e:00:00:01']],
    ['old', null, null, null, null, 'retired', [], []],
  ])
  assert.deepEqual(problems, [])
  assert.equal(readNetbox({ results: NETBOX.devices }, 'n', [])?.length, 2)
  assert.equal(readNetbox(NETBOX.devices, 'n', [])?.length, 2)
  for (const other of [null, 4, {}, { device: 1 }]) assert.equal(readNetbox(other, 'n', []), null)
  assert.deepEqual(readNetbox([4, null, { name: 7 }], 'n', [])?.map((d) => d.hostName), ['7'])
})

test('what goes out in NetBox\'s shape comes in again as the same devices', () => {
  const assets = [
    { ...asset('printer', '10.0.0.5', null, CARD.monitor), label: 'mon' }, { ...asset('printer', '10.0.0.6', null, CARD.central), label: 'mon' },
    { ...asset('unknown', '203.0.113.5'), outside: true },
  ]
  const devices = readNetbox(NETBOX, 'netbox.json', [])
  assert.ok(devices)
  const out = writeNetbox(assets, matchListed(assets, devices).matches)
  const again = readNetbox(JSON.parse(JSON.stringify(out)), 'out.json', [])
  assert.deepEqual(again?.map((d) => [d.hostName, d.tag, d.serial, d.ips, d.macs]), [
    ['mon-7', 'T-1', 'SN-1', ['10.0.0.5'], ['02:00:5e:00:00:01']], ['mon', null, null, ['10.0.0.6'], ['02:00:5e:00:00:02']],
  ])
})
